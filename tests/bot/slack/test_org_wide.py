"""An installation for a whole organization: refused at the start, and named by the doctor."""

from pathlib import Path
from typing import Any, cast

import pytest

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.slack import doctor
from kwtsms_bot.slack.connection import SlackConnection, SlackRefused
from kwtsms_sandbox.slack import Manifest, SlackSandbox
from support.database import AT
from support.slack import no_proxy

NOBODY = cast("Any", None)  # The token is checked before this is used.


async def test_an_org_wide_installation_is_refused(tmp_path: Path) -> None:
    """Everybody would count as an outsider, so the bot does not start."""
    env = LocalEnvironment(tmp_path)
    env.slack = SlackSandbox(manifest=Manifest(org_wide=True))
    with no_proxy():
        async with env.slack:
            with pytest.raises(SlackRefused, match=r"whole organization.*Install the app in one"):
                await SlackConnection(env.config.slack).open(NOBODY, BackgroundTasks())


async def test_the_doctor_names_an_org_wide_installation(tmp_path: Path) -> None:
    """The finding is a problem with its remedy."""
    env = LocalEnvironment(tmp_path)
    env.slack = SlackSandbox(manifest=Manifest(org_wide=True))
    with no_proxy():
        async with env.slack:
            found = {one.check: one for one in await doctor.check(env.config, AT)}

    token = found["Slack bot token"]
    assert token.level is FindingLevel.PROBLEM
    assert "organization" in token.what
    assert "one workspace" in token.remedy
