"""Connection errors: a refused token, or an unreachable Slack."""

from pathlib import Path
from typing import Any, cast

import pytest

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.slack.connection import SlackConnection, SlackRefused, SlackUnreachable
from kwtsms_sandbox.slack import Fault
from support.slack import no_proxy

NOBODY = cast("Any", None)  # The tokens are checked before this is used.


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (Fault(error="invalid_auth"), SlackRefused, "Copy the token again"),
        (Fault(error="account_inactive"), SlackRefused, "Copy the token again"),
        (Fault(error="internal_error"), SlackUnreachable, "didn't respond"),
        (Fault(status=503), SlackUnreachable, "didn't respond"),
    ],
)
async def test_a_slack_that_is_not_well_is_no_wrong_token(
    tmp_path: Path, fault: Fault, kind: type[Exception], said: str
) -> None:
    """A refused token ends the start; an error on Slack's side is retried."""
    env = LocalEnvironment(tmp_path)
    with no_proxy():
        async with env.slack as slack:
            slack.fault("auth.test", fault)

            with pytest.raises(kind, match=said):
                await SlackConnection(env.config.slack).open(NOBODY, BackgroundTasks())
