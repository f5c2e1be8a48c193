"""The command `kwtsms-bridge`. Each subcommand's module is loaded only when it is used."""

from collections.abc import Mapping
from importlib import import_module

import click

from kwtsms_bot.cli.extras import MissingExtra
from kwtsms_client.version import __version__

# name: (where it is, what it does). The second is what --help shows without loading the first.
COMMANDS = {
    "demo": (
        "kwtsms_bot.demo.command:demo",
        "Try it: the bot, a local Slack and a phone in your browser.",
    ),
    "run": ("kwtsms_bot.cli.run:run", "Run the Slack bot."),
    "send": ("kwtsms_bot.cli.send:send", "Send a text message."),
    "bulk": ("kwtsms_bot.cli.bulk.command:bulk", "Send a text to every row of a CSV file."),
    "balance": ("kwtsms_bot.cli.account:balance", "Show the credits left."),
    "status": ("kwtsms_bot.cli.send:status", "Ask what kwtSMS did with a message."),
    "dlr": ("kwtsms_bot.cli.send:dlr", "Ask for the delivery report of a message."),
    "validate": ("kwtsms_bot.cli.validate:validate", "Say which numbers can be sent to."),
    "pages": ("kwtsms_bot.cli.validate:pages", "Show a text as a phone would, and its pages."),
    "senders": ("kwtsms_bot.cli.account:senders", "List the account's sender IDs."),
    "coverage": ("kwtsms_bot.cli.account:coverage", "List the countries that can be sent to."),
    "doctor": ("kwtsms_bot.cli.doctor:doctor", "Look at the set-up and say what to mend."),
    "config": ("kwtsms_bot.cli.config:config", "Check the configuration, or print an example."),
    "audit": ("kwtsms_bot.cli.audit:audit", "Export the ledger of who did what."),
    "restored": (
        "kwtsms_bot.cli.restore:restored",
        "Make a database that was restored from a back-up safe to run on.",
    ),
    "forget": ("kwtsms_bot.cli.forget:forget", "Erase a number and the texts that went to it."),
    "slack": ("kwtsms_bot.cli.slack:slack", "Print the manifest for your Slack app."),
    "apprise": ("kwtsms_bot.cli.apprise:apprise_group", "Make kwtsms:// known to Apprise."),
    "sandbox": (
        "kwtsms_sandbox.command:sandbox",
        "A local kwtSMS gateway to test against.",
    ),
}
EXTRA = {"kwtsms_bot": "bot", "kwtsms_sandbox": "sandbox"}


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and loads one when it is called."""

    def __init__(self, table: Mapping[str, tuple[str, str]], **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]  # click.Group's own keywords.
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature.
        """The names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports and returns the subcommand; None if the name is unknown."""
        if cmd_name not in self.table:
            return None
        module, name = self.table[cmd_name][0].split(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("kwtsms"):
                raise
            raise MissingExtra(cmd_name, error, EXTRA[module.partition(".")[0]]) from error
        # Click's mark for lines that are not rewrapped; in a raw docstring it is two characters.
        command.help = (command.help or "").replace(r"\b", "\b")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the list that --help shows, without loading a subcommand."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in self.table.items()])


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: kwtsms-bridge demo",
)
@click.version_option(__version__, prog_name="kwtsms-bridge")
def main() -> None:
    """Text messages by kwtSMS, from Slack and from your monitoring."""
