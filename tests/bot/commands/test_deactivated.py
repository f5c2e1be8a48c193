"""A person whose Slack account is deactivated holds no permission."""

from dataclasses import replace
from pathlib import Path

import pytest

from kwtsms_bot.commands.policy import Permission, Person, allows
from kwtsms_bot.config import Access, Grant
from kwtsms_bot.slack import users
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF, Fault
from kwtsms_sandbox.slack.workflow_steps import StepState
from support.bot import local_env, wait_for_text
from support.command_testbed import command_testbed

ACCESS = {
    "sender": {"users": [SARA.id]},
    "admin": {"users": [YOUSEF.id]},
    "workflows": True,
}


@pytest.mark.parametrize("permission", [one for one in Permission if one is not Permission.HELP])
@pytest.mark.parametrize(
    "grant", [Grant(users=("U00001",)), Grant(groups=("S00001",)), Grant(channels=("C00001",))]
)
def test_a_deactivated_person_has_no_permission(permission: Permission, grant: Grant) -> None:
    """Neither their own id, nor a group, nor a channel gives them a permission."""
    access = Access(admin=grant)
    person = Person("U00001", "C00001", groups=frozenset({"S00001"}))

    assert allows(access, person, permission)
    assert not allows(access, replace(person, deactivated=True), permission)


async def test_a_workflow_does_not_send_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workflow that sent a moment ago fails once its person is deactivated."""
    monkeypatch.setattr(users, "FRESH_SECONDS", 0.0)
    async with local_env(tmp_path, access=ACCESS) as env:
        ended = []
        for text, person in (("before", SARA), ("after", replace(SARA, deleted=True))):
            env.slack.directory.put_user(person)
            inputs = {"numbers": "98765432", "text": text, "user": SARA.id}
            step, _ = await env.slack.run_step("send_sms", inputs)
            ended.append(await env.slack.wait_for_end(step))

    assert [one.state for one in ended] == [StepState.COMPLETED, StepState.FAILED]
    assert "deactivated" in str(ended[1].error)


async def test_their_request_is_not_approved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request of a person who was deactivated since cannot be approved."""
    monkeypatch.setattr(users, "FRESH_SECONDS", 0.0)
    async with local_env(tmp_path, access=ACCESS, limits={"approve_credits": 1}) as env:
        await env.slack.command(SARA, OPS, "/sms", "send 98765432 hi")
        preview = await wait_for_text(env, "Review before sending")
        await env.slack.press(SARA, preview, "send_confirm")
        request = await wait_for_text(env, "needs approval")
        env.slack.directory.put_user(replace(SARA, deleted=True))
        await env.slack.press(YOUSEF, request, "send_approve")
        await env.slack.until(
            lambda: any(
                "author can no longer send" in env.slack.plain(one)
                for one in env.slack.visible(YOUSEF, OPS)
            )
        )

        assert env.gateway.ledger == []


async def test_an_outage_of_slack_does_not_bring_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer of Slack, a person who was deactivated stays so."""
    monkeypatch.setattr(users, "FRESH_SECONDS", 0.0)
    async with command_testbed(tmp_path) as testbed:
        testbed.slack.directory.put_user(replace(SARA, deleted=True))
        known = await testbed.context.users.person(SARA.id, OPS.id, fresh=True)
        testbed.slack.fault("users.info", Fault("internal_error"))
        unknown = await testbed.context.users.person(SARA.id, OPS.id, fresh=True)

    assert known.deactivated
    assert (unknown.known, unknown.deactivated) == (False, True)
