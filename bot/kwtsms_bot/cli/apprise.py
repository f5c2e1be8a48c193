"""`kwtsms-bridge apprise`: makes kwtsms:// known to Apprise, and writes its URLs."""

import getpass
import os
import sys
from pathlib import Path
from urllib.parse import quote

import click

from apprise_kwtsms import STUB

FILE = "kwtsms.py"
dir_option = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Apprise's plugin folder [default: ~/.config/apprise/plugins].",
)


@click.group(name="apprise")
def apprise_group() -> None:
    """Make kwtsms:// known to Apprise."""


@apprise_group.command()
@dir_option
def install(folder: Path | None) -> None:
    """Write the plugin file that Apprise's command line and Apprise API load."""
    file = (folder or _default()) / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.read_text() != STUB:
        raise click.ClickException(f"{file} exists and is not ours. Remove it, or use --dir.")
    file.write_text(STUB)
    click.echo(f"Written: {file}\nTry it: apprise -vv -b 'disk full' 'kwtsms://…'")


@apprise_group.command()
@dir_option
def uninstall(folder: Path | None) -> None:
    """Remove the plugin file again."""
    file = (folder or _default()) / FILE
    if not file.exists():
        click.echo(f"Not there: {file}")
    elif file.read_text() != STUB:
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

    Every character that means something in a URL is encoded.
    """
    if sys.stdin.isatty():
        password = getpass.getpass("kwtSMS API password: ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    parts = [quote(part, safe="") for part in (user, password, sender)]
    targets = "/".join(quote(number, safe="+") for number in numbers)
    click.echo(f"kwtsms://{parts[0]}:{parts[1]}@{parts[2]}/{targets}")


def _default() -> Path:
    if os.name == "nt":
        return Path(os.environ["APPDATA"]) / "Apprise" / "plugins"
    return Path.home() / ".config" / "apprise" / "plugins"
