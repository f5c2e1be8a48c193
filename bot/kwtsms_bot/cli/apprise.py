"""`kwtsms-bridge apprise`: installs the plugins for Apprise, and builds their URLs."""

import getpass
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import click

from apprise_kwtsms import BRIDGE_MODULE, MODULE, STUB
from apprise_kwtsms.alert_fields import SEVERITIES
from apprise_kwtsms.bridge_urls import make_urls, parse_address
from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.cli.extras import install_hint
from kwtsms_client import InvalidInput, validate_phone_input
from kwtsms_client.flow import check_sender
from kwtsms_client.numbering_plan import HOME

PLUGIN_FILE, BRIDGE_FILE = "kwtsms.py", "kwtsmsbridge.py"
MARK = "Written by: kwtsms-bridge apprise install"  # In every file of ours.
dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Use this plugin folder. [default: ~/.config/apprise/plugins]",
)

zero_touch_option = click.option(
    "--zero-touch", is_flag=True, help="Use the folder of the installed Apprise package."
)


@click.group(name="apprise", cls=CommandGroup)
def apprise_group() -> None:
    r"""Install kwtsms:// and kwtsmsbridge:// for Apprise, and build their URLs.

    \b
    Example:
      kwtsms-bridge apprise install
    """


@apprise_group.command()
@dir_option
@zero_touch_option
def install(folder: Path | None, *, zero_touch: bool) -> None:
    r"""Install the plugin for Apprise's command line and Apprise API.

    With --zero-touch, the plugin is installed in the Apprise package itself. Every program that
    uses this package can then send to kwtsms://, such as Home Assistant and Healthchecks.

    \b
    Examples:
      kwtsms-bridge apprise install
      kwtsms-bridge apprise install --zero-touch
    """
    files = _plugin_files(folder, zero_touch=zero_touch)
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not _is_ours(file):
            text = f"{file} belongs to another plugin. Remove it, or use --dir."
            raise click.ClickException(text)
    for file, content in files.items():
        file.write_text(content)
        click.echo(f"Installed: {file}")
    click.echo("Try it: apprise -vv -b 'Disk full' 'kwtsms://…'")


@apprise_group.command()
@dir_option
@zero_touch_option
def uninstall(folder: Path | None, *, zero_touch: bool) -> None:
    r"""Remove the plugin.

    \b
    Example:
      kwtsms-bridge apprise uninstall
    """
    for file in _plugin_files(folder, zero_touch=zero_touch):
        if not file.exists():
            click.echo(f"Not installed: {file}")
        elif not _is_ours(file):
            raise click.ClickException(f"{file} belongs to another plugin, so it wasn't removed.")
        else:
            file.unlink()
            click.echo(f"Removed: {file}")


@apprise_group.command()
@click.option("-u", "--user", help="Your kwtSMS API user name.")
@click.option("-f", "--from", "sender", metavar="SENDER-ID", help="Your sender ID.")
@click.option("--bridge", "address", metavar="URL", help="Post alerts to the bot at this address.")
@click.option("--integration", metavar="NAME", help="With --bridge: the integration's name.")
@click.option("--receiver", default="", metavar="NAME", help="With --bridge: who gets the alerts.")
@click.option(
    "--severity",
    default="",
    type=click.Choice(["", *SEVERITIES]),
    metavar="WORD",
    help=f"With --bridge: {', '.join(SEVERITIES)}.",
)
@click.option("--key", default="", metavar="KEY", help="With --bridge: what a success resolves.")
@click.argument("numbers", nargs=-1)
def url(  # noqa: PLR0917 - click passes each option by its name.
    user: str | None,
    sender: str | None,
    address: str | None,
    integration: str | None,
    receiver: str,
    severity: str,
    key: str,
    numbers: tuple[str, ...],
) -> None:
    r"""Build a kwtsms:// URL for Apprise or, with --bridge, a kwtsmsbridge:// one.

    It asks for the password or the token, or reads it from standard input. Special characters are
    encoded, and local numbers get +965.

    With --bridge, URLs that work without the plugin are printed to standard error.

    \b
    Examples:
      kwtsms-bridge apprise url --user myuser --from MY-APP 98765432
      kwtsms-bridge apprise url --bridge https://alerts.example.com --integration backups
    """
    if address is not None:
        if user or sender or numbers:
            raise click.UsageError("--bridge takes no --user, no --from and no numbers.")
        _show_bridge_urls(address, integration, receiver=receiver, severity=severity, key=key)
        return
    if integration or receiver or severity or key:
        raise click.UsageError("--integration, --receiver, --severity and --key need --bridge.")
    click.echo(_account_url(_given(user, "--user"), _given(sender, "--from"), numbers))


def _account_url(user: str, sender: str, numbers: tuple[str, ...]) -> str:
    if not numbers:
        raise click.UsageError("Missing argument 'NUMBERS...'.")
    password = _read_secret("kwtSMS API password: ")
    if not (user.strip() and password):
        raise click.UsageError("The user name or the password is empty. kwtSMS needs both.")
    try:
        sender = check_sender(sender)
    except InvalidInput as error:
        raise click.UsageError(str(error)) from error
    parts = [quote(part, safe="") for part in (user, password, sender)]
    targets = "/".join(_international(number) for number in numbers)
    return f"kwtsms://{parts[0]}:{parts[1]}@{parts[2]}/{targets}"


def _show_bridge_urls(
    address: str, integration: str | None, *, receiver: str, severity: str, key: str
) -> None:
    try:
        bot = parse_address(address)
    except ValueError as error:
        text = "--bridge: expected an address such as https://alerts.example.com."
        raise click.UsageError(text) from error
    name = _given(integration, "--integration")
    token = _read_secret("Token of the integration: ")
    if not (name.strip() and token):
        raise click.UsageError("The integration or the token is empty. The bot needs both.")
    urls = make_urls(bot, name, token, receiver=receiver, severity=severity, key=key)
    click.echo(urls.plugin)
    click.echo("Without the plugin, if the integration has kind: apprise:", err=True)
    for one in urls.stock:
        click.echo(one, err=True)


def _given(value: str | None, option: str) -> str:
    if value is None:
        raise click.UsageError(f"Missing option '{option}'.")
    return value


def _read_secret(prompt: str) -> str:
    """The secret that is typed, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\r\n")


def _international(number: str) -> str:
    """The number in international form; a local one is completed as Kuwait's."""
    check = validate_phone_input(number, default_country=HOME.code)
    if not check.valid:
        raise click.UsageError(check.error or "That isn't a phone number.")
    home = check.normalized.startswith(HOME.code)
    return check.normalized if home else f"+{check.normalized}"


def _plugin_files(folder: Path | None, *, zero_touch: bool) -> dict[Path, str]:
    """The paths of the plugin's files, and their contents."""
    if not zero_touch:
        return {(folder or _default_folder()) / PLUGIN_FILE: STUB}
    if folder is not None:
        raise click.UsageError("Use either --dir or --zero-touch, not both.")
    found = find_spec("apprise")
    if found is None or not found.origin:
        raise click.ClickException(f"Apprise isn't installed here. {install_hint('apprise')}")
    plugins = Path(found.origin).parent / "plugins"
    return {plugins / PLUGIN_FILE: MODULE, plugins / BRIDGE_FILE: BRIDGE_MODULE}


def _is_ours(file: Path) -> bool:
    return MARK in file.read_text(errors="replace")


def _default_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ["APPDATA"]) / "Apprise" / "plugins"
    return Path.home() / ".config" / "apprise" / "plugins"
