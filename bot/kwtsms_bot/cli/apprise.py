"""`kwtsms-bridge apprise`: installs the kwtsms:// plugin for Apprise, and builds its URLs."""

import getpass
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import click

from apprise_kwtsms import MODULE, STUB
from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.cli.extras import install_hint
from kwtsms_client import InvalidInput, validate_phone_input
from kwtsms_client.flow import check_sender
from kwtsms_client.numbering_plan import HOME

PLUGIN_FILE = "kwtsms.py"
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
    r"""Install the kwtsms:// plugin for Apprise, and build its URLs.

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
    file, content = _plugin_file(folder, zero_touch=zero_touch)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.read_text() != content:
        raise click.ClickException(f"{file} belongs to another plugin. Remove it, or use --dir.")
    file.write_text(content)
    click.echo(f"Installed: {file}\nTry it: apprise -vv -b 'Disk full' 'kwtsms://…'")


@apprise_group.command()
@dir_option
@zero_touch_option
def uninstall(folder: Path | None, *, zero_touch: bool) -> None:
    r"""Remove the plugin.

    \b
    Example:
      kwtsms-bridge apprise uninstall
    """
    file, content = _plugin_file(folder, zero_touch=zero_touch)
    if not file.exists():
        click.echo(f"Not installed: {file}")
    elif file.read_text() != content:
        raise click.ClickException(f"{file} belongs to another plugin, so it wasn't removed.")
    else:
        file.unlink()
        click.echo(f"Removed: {file}")


@apprise_group.command()
@click.option("-u", "--user", required=True, help="Your kwtSMS API user name.")
@click.option("-f", "--from", "sender", metavar="SENDER-ID", required=True, help="Your sender ID.")
@click.argument("numbers", nargs=-1, required=True)
def url(user: str, sender: str, numbers: tuple[str, ...]) -> None:
    r"""Build a kwtsms:// URL for Apprise.

    It asks for the password, or reads it from standard input. Special characters are encoded, and
    local numbers get +965.

    \b
    Example:
      kwtsms-bridge apprise url --user myuser --from MY-APP 98765432
    """
    if sys.stdin.isatty():
        password = getpass.getpass("kwtSMS API password: ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not (user.strip() and password):
        raise click.UsageError("The user name or the password is empty. kwtSMS needs both.")
    try:
        sender = check_sender(sender)
    except InvalidInput as error:
        raise click.UsageError(str(error)) from error
    parts = [quote(part, safe="") for part in (user, password, sender)]
    targets = "/".join(_international(number) for number in numbers)
    click.echo(f"kwtsms://{parts[0]}:{parts[1]}@{parts[2]}/{targets}")


def _international(number: str) -> str:
    """The number in international form; a local one is completed as Kuwait's."""
    check = validate_phone_input(number, default_country=HOME.code)
    if not check.valid:
        raise click.UsageError(check.error or "That isn't a phone number.")
    home = check.normalized.startswith(HOME.code)
    return check.normalized if home else f"+{check.normalized}"


def _plugin_file(folder: Path | None, *, zero_touch: bool) -> tuple[Path, str]:
    """The path of the plugin file, and its content."""
    if not zero_touch:
        return (folder or _default_folder()) / PLUGIN_FILE, STUB
    if folder is not None:
        raise click.UsageError("Use either --dir or --zero-touch, not both.")
    found = find_spec("apprise")
    if found is None or not found.origin:
        raise click.ClickException(f"Apprise isn't installed here. {install_hint('apprise')}")
    return Path(found.origin).parent / "plugins" / PLUGIN_FILE, MODULE


def _default_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ["APPDATA"]) / "Apprise" / "plugins"
    return Path.home() / ".config" / "apprise" / "plugins"
