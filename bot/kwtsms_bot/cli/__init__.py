"""The command `kwtsms-bridge`. Each subcommand's module is loaded only when it is used."""

import click

from kwtsms_bot.cli.command_group import LazyGroup
from kwtsms_client.version import __version__

# Section: name: (where it is, what it does). --help shows the last without loading a module.
SECTIONS = {
    "Send": {
        "send": ("kwtsms_bot.cli.send:send", "Send an SMS."),
        "bulk": ("kwtsms_bot.cli.bulk.command:bulk", "Send an SMS to every row of a CSV file."),
        "validate": (
            "kwtsms_bot.cli.validate:validate",
            "Check which numbers can receive SMS.",
        ),
        "pages": (
            "kwtsms_bot.cli.validate:pages",
            "Preview a message and count its pages.",
        ),
        "status": ("kwtsms_bot.cli.send:status", "Show the status of a message."),
        "dlr": ("kwtsms_bot.cli.send:dlr", "Show the delivery report of a message."),
        "apprise": (
            "kwtsms_bot.cli.apprise:apprise_group",
            "Install the kwtsms:// plugin for Apprise.",
        ),
    },
    "Account": {
        "balance": ("kwtsms_bot.cli.account:balance", "Show your balance."),
        "senders": ("kwtsms_bot.cli.account:senders", "List your sender IDs."),
        "coverage": ("kwtsms_bot.cli.account:coverage", "List the countries you can send to."),
    },
    "Bot": {
        "demo": (
            "kwtsms_bot.demo.command:demo",
            "Try the bot in your browser, without an account.",
        ),
        "init": (
            "kwtsms_bot.cli.init.command:init",
            "Set up the bot: Slack, kwtSMS, and who may use it.",
        ),
        "config": ("kwtsms_bot.cli.config:config", "Check config.yaml, or print an example."),
        "slack": ("kwtsms_bot.cli.slack:slack", "Print the manifest for your Slack app."),
        "doctor": ("kwtsms_bot.cli.doctor:doctor", "Check your setup and suggest fixes."),
        "run": ("kwtsms_bot.cli.run:run", "Run the Slack bot."),
        "bridge": (
            "kwtsms_bot.cli.bridge.command:bridge",
            "Explain what alerts would do, and make tokens.",
        ),
    },
    "Maintenance": {
        "audit": ("kwtsms_bot.cli.audit:audit", "Export the audit log."),
        "forget": (
            "kwtsms_bot.cli.forget:forget",
            "Erase a phone number and its messages.",
        ),
        "restored": (
            "kwtsms_bot.cli.restore:restored",
            "Mark unsent messages as unknown after restoring a backup.",
        ),
        "sandbox": (
            "kwtsms_sandbox.command:sandbox",
            "Run a local kwtSMS gateway to test against, or post many alerts.",
        ),
        "completion": (
            "kwtsms_bot.cli.completion:completion",
            "Print the completion script for your shell.",
        ),
    },
}
COMMANDS = {name: row for rows in SECTIONS.values() for name, row in rows.items()}


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try it with: kwtsms-bridge demo. Set it up with: kwtsms-bridge init.",
)
@click.version_option(__version__, "-V", "--version", prog_name="kwtsms-bridge")
def main() -> None:
    """Send SMS through kwtSMS from Slack, your monitoring tools and your shell."""
