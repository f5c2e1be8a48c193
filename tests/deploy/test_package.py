"""The source distribution is complete, and the README's commands exist."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import click
import pytest

from kwtsms_bot.cli import main
from support.deployment import ROOT

COMMANDS = re.findall(
    r"^ {4}(?:\.venv/bin/)?kwtsms-bridge ([^\n#>]+)", (ROOT / "README.md").read_text(), re.MULTILINE
)


def test_the_source_distribution_is_enough_to_build_and_test(tmp_path: Path) -> None:
    """Every file tracked by git is included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    )
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
    )
    (made,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(made) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}

    assert sorted(set(filter(None, listed.stdout.split("\0"))) - inside) == []


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_exists(line: str) -> None:
    """The command exists as typed."""
    name, *rest = line.split()
    with click.Context(main) as context:
        command = main.get_command(context, name)
        if isinstance(command, click.Group):
            command = command.get_command(context, rest[0])

    assert command is not None
