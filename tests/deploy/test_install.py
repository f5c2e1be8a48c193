"""`scripts/install`: what `make demo` and `make test` run first says what it is doing."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[2] / "scripts" / "install"
# A program in place of uv: makes an environment without packages, and notes its arguments.
UV = """\
#!/bin/sh
echo "$@" >> "{calls}"
case $1 in venv) mkdir -p "$5/bin" && cp /bin/sh "$5/bin/python";; esac
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A folder with a program `uv` that installs nothing; the file with its arguments."""
    program = tmp_path / "uv"
    program.write_text(UV.format(calls=tmp_path / "calls"))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return tmp_path / "calls"


def install(folder: Path, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    """Installs into an environment in this folder, with the folder's uv."""
    return subprocess.run(
        [str(INSTALL), python, str(folder / "venv"), "bot,sandbox"],
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_first_time_explains_the_wait(tmp_path: Path, calls: Path) -> None:
    """The first time says what is set up, what is installed, and how long it took."""
    done = install(tmp_path)
    first, second, last = done.stdout.splitlines()

    assert done.returncode == 0
    assert first.startswith(f"Setting up {tmp_path / 'venv'} with Python 3.")
    assert "Downloading and installing kwtsms-bridge[bot,sandbox] with uv." in second
    assert last.startswith("Installed in ")
    assert calls.read_text().splitlines()[-1].endswith("--editable .[bot,sandbox]")


def test_the_next_time_only_updates(tmp_path: Path, calls: Path) -> None:
    """With an environment, only its packages are updated."""
    install(tmp_path)
    done = install(tmp_path)

    assert done.stdout.startswith(f"Updating the packages in {tmp_path / 'venv'} with uv…")
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["venv", "pip", "pip"]


def test_an_old_python_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    """A Python that is too old, or none, ends it with a reason and without an environment."""
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 'kwtsms-bridge needs Python 3.11 or newer' >&2\nexit 1\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    done = install(tmp_path, str(old))

    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert not (tmp_path / "venv").exists()
