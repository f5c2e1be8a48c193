"""Every integration works in an environment with nothing but `kwtsms-bridge[apprise]`."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from kwtsms_sandbox.gateway import RunningGateway
from support.gateway import KUWAIT, running_gateway

ROOT = Path(__file__).parents[2]
FRESH = Path(sys.prefix) / "apprise-only"
BIN = FRESH / "bin"


async def run(
    *command: str, environ: dict[str, str] | None = None, stdin: bytes = b""
) -> tuple[int, str]:
    """Runs a command in the fresh environment; returns its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": str(FRESH / "home"), **(environ or {})},
    )
    out, _ = await asyncio.wait_for(process.communicate(stdin), timeout=240)
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.fixture(scope="module", autouse=True)
def fresh() -> None:
    """Creates the environment once; `make clean` removes it."""
    if not (BIN / "apprise").exists():
        asyncio.run(_make())


async def _make() -> None:
    await run(sys.executable, "-m", "venv", str(FRESH))
    pip = (str(BIN / "python"), "-m", "pip", "install", "--quiet", "--editable")
    registry = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    code, said = await run(*pip, f"{ROOT}[apprise]", environ=registry)
    if code:
        reason = f"kwtsms-bridge[apprise] cannot be installed: {said[-300:]}"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def url(running: RunningGateway) -> str:
    """A URL for the sandbox's account."""
    account = running.gateway.account
    return f"kwtsms://{account.username}:{account.password}@MY-APP/{KUWAIT}"


async def test_it_has_nothing_of_the_bot() -> None:
    """The extra installs no Slack and no database packages."""
    program = "import importlib.metadata as m; print(*(one.name for one in m.distributions()))"
    _, listed = await run(str(BIN / "python"), "-c", program)
    names = set(listed.lower().split())

    assert "apprise" in names
    assert names.isdisjoint({"slack-bolt", "slack-sdk", "sqlalchemy", "aiohttp", "pydantic"})


async def test_the_stub_makes_the_command_line_know_it(tmp_path: Path) -> None:
    """`kwtsms-bridge apprise install` makes `apprise -b …` work, and `uninstall` undoes it."""
    home = {"HOME": str(tmp_path)}
    async with running_gateway() as running:
        address = {"KWTSMS_BASE_URL": running.base_url}
        installed = await run(f"{BIN}/kwtsms-bridge", "apprise", "install", environ=home)
        sent = await run(f"{BIN}/apprise", "-vv", "-b", "hi", url(running), environ=home | address)
        removed = await run(f"{BIN}/kwtsms-bridge", "apprise", "uninstall", environ=home)
        gone = await run(f"{BIN}/apprise", "-b", "hi", url(running), environ=home | address)

        assert (installed[0], sent[0], removed[0]) == (0, 0, 0), sent[1]
        assert gone[0] != 0
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["hi"]


async def test_a_plugin_folder_of_ones_own_does_too(tmp_path: Path) -> None:
    """A folder given by `--dir` and `-P` works, as Apprise API and Uptime Kuma use it."""
    folder = str(tmp_path / "plugins")
    async with running_gateway() as running:
        await run(f"{BIN}/kwtsms-bridge", "apprise", "install", "--dir", folder)
        code, said = await run(
            *(f"{BIN}/apprise", "-vv", "-P", folder, "-b", "hi", url(running)),
            environ={"KWTSMS_BASE_URL": running.base_url},
        )

        assert code == 0, said
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["hi"]


async def test_a_server_that_makes_a_new_object_for_each_request_sends(tmp_path: Path) -> None:
    """Three requests work, each with a new `Apprise()` and `plugin_paths`, as in Apprise API."""
    program = (
        "import sys\n"
        "from apprise import Apprise, AppriseAsset\n"
        "for n in range(3):\n"
        "    service = Apprise(asset=AppriseAsset(plugin_paths=[sys.argv[1]]))\n"
        "    assert service.add(sys.argv[2]) and service.notify(f'message {n}')\n"
    )
    async with running_gateway() as running:
        running.gateway.configure(repeat_seconds=0)
        await run(f"{BIN}/kwtsms-bridge", "apprise", "install", "--dir", str(tmp_path))
        code, said = await run(
            *(str(BIN / "python"), "-c", program, str(tmp_path), url(running)),
            environ={"KWTSMS_BASE_URL": running.base_url},
        )

        assert code == 0, said
        texts = [sms.text for sms in running.gateway.inbox(KUWAIT)]
        assert texts == ["message 0", "message 1", "message 2"]


async def test_zero_touch_makes_every_user_of_apprise_know_it() -> None:
    """A program unaware of our package can send until the plugin is uninstalled."""
    program = (
        "import apprise, sys; service = apprise.Apprise()\n"
        "known = apprise.Apprise().add('kwtsmsbridge://backups:token@localhost');"
        "sys.exit(not (known and service.add(sys.argv[1]) and service.notify('hi')))"
    )
    async with running_gateway() as running:
        address = {"KWTSMS_BASE_URL": running.base_url}
        command = (str(BIN / "python"), "-c", program, url(running))
        installed = await run(f"{BIN}/kwtsms-bridge", "apprise", "install", "--zero-touch")
        sent = await run(*command, environ=address)
        removed = await run(f"{BIN}/kwtsms-bridge", "apprise", "uninstall", "--zero-touch")
        gone = await run(*command, environ=address)

        assert (installed[0], sent[0], removed[0]) == (0, 0, 0), (installed[1], sent[1])
        assert gone[0] != 0
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["hi"]


async def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    """A foreign file is neither overwritten nor removed."""
    (tmp_path / "kwtsms.py").write_text("# somebody else's\n")
    folder = ("--dir", str(tmp_path))
    done = [
        await run(f"{BIN}/kwtsms-bridge", "apprise", word, *folder)
        for word in ("install", "uninstall")
    ]

    assert [code for code, _ in done] == [1, 1]
    assert (tmp_path / "kwtsms.py").read_text() == "# somebody else's\n"


async def test_a_url_is_built_with_every_character_encoded() -> None:
    """The password is read from standard input and encoded in the URL."""
    code, said = await run(
        *(f"{BIN}/kwtsms-bridge", "apprise", "url", "--user", "us er", "--from", "MY-APP", KUWAIT),
        stdin=b"p:a@s/s%w\n",
    )

    assert (code, said.strip()) == (0, f"kwtsms://us%20er:p%3Aa%40s%2Fs%25w@MY-APP/{KUWAIT}")
