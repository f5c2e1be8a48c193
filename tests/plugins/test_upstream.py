"""Apprise's own generic tests pass with our plugin, from the oldest supported Apprise on."""

import asyncio
import os
import sys
import tarfile
from pathlib import Path

import pytest

from support.bridge_bench import BRIDGE
from support.bridge_endpoint import running_endpoint
from support.cut_connections import cut_connections

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = Path(sys.prefix) / "apprise-sources"
VERSIONS = ("1.9.1", "1.9.9", "1.13.0", "2.2.0", "2.3.0")


async def run(*command: str, **environ: str) -> tuple[int, str]:
    """Runs a command; returns its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environ},
    )
    out, _ = await asyncio.wait_for(process.communicate(), timeout=480)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def sources() -> dict[str, Path]:
    """Downloads and unpacks Apprise's source distributions in parallel, once."""
    return dict(zip(VERSIONS, await asyncio.gather(*map(source, VERSIONS)), strict=True))


async def source(version: str) -> Path:
    """Downloads and unpacks the source distribution of one version."""
    folder = CACHE / f"apprise-{version}"
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps")
        code, said = await run(
            *pip, "--no-binary", ":all:", "--dest", str(CACHE), f"apprise=={version}"
        )
        if code:
            reason = f"Apprise {version} cannot be downloaded: {said[-300:]}"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        with tarfile.open(CACHE / f"apprise-{version}.tar.gz") as archive:
            archive.extraction_filter = getattr(tarfile, "data_filter", None)  # From 3.11.4 on.
            archive.extractall(CACHE)
    return folder


@pytest.mark.parametrize("version", VERSIONS)
async def test_apprises_own_tests_pass(version: str) -> None:
    """The URL tester and the details checks of each version pass."""
    unpacked = (await sources())[version]
    tests = next(path for path in (unpacked / "tests", unpacked / "test") if path.exists())
    path = os.pathsep.join(map(str, (unpacked, tests, ROOT / "bot", ROOT / "plugins")))
    code, said = await run(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull),
        *("--rootdir", str(HERE), "--confcutdir", str(HERE / "upstream")),
        str(HERE / "upstream" / "driver.py"),
        PYTHONPATH=path,
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )

    assert code == 0, said[-5000:]


# Apprise before 1.11 doesn't retry by itself, so its caller does.
NOTIFY = """
import sys
from apprise import Apprise
import apprise_kwtsms

apprise_kwtsms.register()
service = Apprise()
sent = service.add(sys.argv[1]) and any(service.notify("Backup failed") for _ in range(4))
sys.exit(not sent)
"""


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_cut_connection_and_retries_are_one_sms(version: str, tmp_path: Path) -> None:
    """In each version, the bot gets the alert twice under one key, and texts once."""
    unpacked = (await sources())[version]
    path = os.pathsep.join(map(str, (unpacked, ROOT / "bot", ROOT / "plugins")))
    async with running_endpoint(tmp_path, BRIDGE) as bot:
        async with cut_connections(f"http://{bot.at}", 1) as through:
            url = f"kwtsmsbridge://scripts:demo-native-token@{through}?retry=3&wait=0.01"
            code, said = await run(sys.executable, "-c", NOTIFY, url, PYTHONPATH=path)

        assert code == 0, said
        assert len(await bot.bench.advance(60)) == 1
        assert len(await bot.alerts("id")) == 1
