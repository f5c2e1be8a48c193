"""`kwtsms-bridge apprise`: installs the kwtsms:// plugin for Apprise, and builds its URLs."""

import getpass
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import click

from apprise_kwtsms import MODULE, STUB
from kwtsms_client import InvalidInput, validate_phone_input
from kwtsms_client.flow import check_sender
from kwtsms_client.numbering_plan import HOME

PLUGIN_FILE = "kwtsms.py"
dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Apprise's plugin folder [default: ~/.config/apprise/plugins].",
)

zero_touch_option = click.option(
    "--zero-touch", is_flag=True, help="Into the folder of the Apprise that is installed here."
)


@click.group(name="apprise")
def apprise_group() -> None:
    """Make kwtsms:// known to Apprise."""


@apprise_group.command()
@dir_option
@zero_touch_option
def install(folder: Path | None, *, zero_touch: bool) -> None:
    """Write the plugin file that Apprise's command line and Apprise API load.

    With --zero-touch, write one line into Apprise's own folder instead: then everything that uses
    this Apprise knows kwtsms://, Home Assistant and Healthchecks too.
    """
    file, content = _plugin_file(folder, zero_touch=zero_touch)
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.read_text() != content:
        raise click.ClickException(f"{file} exists and is not ours. Remove it, or use --dir.")
    file.write_text(content)
    click.echo(f"Written: {file}\nTry it: apprise -vv -b 'disk full' 'kwtsms://…'")


@apprise_group.command()
@dir_option
@zero_touch_option
def uninstall(folder: Path | None, *, zero_touch: bool) -> None:
    """Remove the plugin file again."""
    file, content = _plugin_file(folder, zero_touch=zero_touch)
    if not file.exists():
        click.echo(f"Not there: {file}")
    elif file.read_text() != content:
        raise click.ClickException(f"{file} is not ours, and stays.")
    else:
        file.unlink()
        click.echo(f"Removed: {file}")


@apprise_group.command()
@click.option("--user", required=True, help="kwtSMS's API user name.")
@click.option("--from", "sender", required=True, help="The sender ID.")
@click.argument("numbers", nargs=-1, required=True)
def url(user: str, sender: str, numbers: tuple[str, ...]) -> None:
    """Build a kwtsms:// URL; the password is asked for, or read from standard input.

    Every character that means something in a URL is encoded, and local numbers get +965.
    """
    if sys.stdin.isatty():
        password = getpass.getpass("kwtSMS API password: ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not (user.strip() and password):
        raise click.UsageError("kwtSMS needs a user name and a password; one of them is empty.")
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
        raise click.UsageError(check.error or "not a number")
    home = check.normalized.startswith(HOME.code)
    return check.normalized if home else f"+{check.normalized}"


def _plugin_file(folder: Path | None, *, zero_touch: bool) -> tuple[Path, str]:
    """The path of the plugin file, and its content."""
    if not zero_touch:
        return (folder or _default_folder()) / PLUGIN_FILE, STUB
    if folder is not None:
        raise click.UsageError("--dir and --zero-touch are two ways; choose one.")
    found = find_spec("apprise")
    if found is None or not found.origin:
        raise click.ClickException(
            "Apprise is not installed here. Install it: pip install 'kwtsms-bridge[apprise]'"
        )
    return Path(found.origin).parent / "plugins" / PLUGIN_FILE, MODULE


def _default_folder() -> Path:
    if os.name == "nt":
        return Path(os.environ["APPDATA"]) / "Apprise" / "plugins"
    return Path.home() / ".config" / "apprise" / "plugins"
