"""`/sms integrations`: where each tool posts its alerts, and what it sent last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.bridge.incident_actions import not_set_up_reply
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.config.fields import format_duration
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.activity import RequestOutcome
    from kwtsms_bot.bridge.incident_control import IntegrationView, TokenView

# Reasons are words of the endpoint, with a detail in some; these are the fixed ones.
REFUSALS = {
    "unknown token": N_("unknown token"),
    "no token": N_("no token"),
    "wrong signature": N_("wrong signature"),
    "no signed time": N_("no signed time"),
    "the signed time is too old": N_("the signed time is too old"),
    "unreadable Basic credentials": N_("unreadable Basic credentials"),
    "the user is not the name of the integration": N_(
        "the user is not the name of the integration"
    ),
    "not an integration of kind apprise": N_("not an integration of kind apprise"),
    "a token in the address, without url_token: true": N_(
        "a token in the address, without url_token: true"
    ),
    "an address that is not in allow": N_("an address that is not in allow"),
    "not an integration of kind pagerduty": N_("not an integration of kind pagerduty"),
    "a topic that is not in topics": N_("a topic that is not in topics"),
    "a certificate from elsewhere": N_("a certificate from elsewhere"),
    "an unusable certificate": N_("an unusable certificate"),
    "an unknown version of the signature": N_("an unknown version of the signature"),
    "a field of the envelope is missing": N_("a field of the envelope is missing"),
    "a confirmation at an address that is not Amazon's": N_(
        "a confirmation at an address that is not Amazon's"
    ),
    "Amazon can't be reached": N_("Amazon can't be reached"),
    "an address that names no integration": N_("an address that names no integration"),
}


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Shows one integration, or the list of all if there are several."""
    say = request.say
    if context.incidents is None:
        return not_set_up_reply(say)
    found = {one.name: one for one in await context.incidents.integrations()}
    name = rest.strip().casefold()
    if not name and len(found) == 1:
        (name,) = found
    if name in found:
        return _integration_reply(found[name], say)
    slash = context.config.slack.command
    examples = tuple(COMMAND.command_line(slash, one) for one in found)
    if name:
        title = say("There is no integration of that name.")
        return Reply(Severity.ERROR, title, examples=examples)
    if not found:
        title = say("No integration is configured.")
        details = (say("An admin adds them to config.yaml, under bridge.integrations."),)
        return Reply(Severity.INFO, title, details)
    facts = tuple((one.name, _summary(one, say)) for one in found.values())
    return Reply(Severity.INFO, say("Integrations"), facts=facts, examples=examples)


def _summary(one: IntegrationView, say: Language) -> str:
    """The kind, and the newest request."""
    newest = _format(one.requests[0], say) if one.requests else say("no requests yet")
    if one.overdue_since is not None:
        newest = say("overdue since {time}", time=format_short_datetime(one.overdue_since, say))
    return f"{say.ltr(one.kind)} · {newest}"


def _integration_reply(one: IntegrationView, say: Language) -> Reply:
    details = []
    if one.is_local:
        details.append(
            say("Only this machine reaches the address. A proxy can make it public: bridge.url.")
        )
    if one.is_signed:
        details.append(say("Requests must be signed, so curl alone is rejected."))
    details.append(say("The command below asks for the token, then posts a sample."))
    if not one.requests:
        details.append(say("No requests have come yet."))
    facts = [(say("Kind"), one.kind), (say("Address"), one.address)]
    facts += [(say("Token"), _format_token(token, say)) for token in one.tokens]
    facts += _expected(one, say)
    if one.requests:
        facts.append((say("Requests"), _format_counts(one, say)))
    facts += [(say("Request"), _format(request, say)) for request in one.requests]
    return Reply(
        Severity.INFO,
        say("Integration {name}", name=one.name),
        tuple(details),
        tuple(facts),
        (curl(one),),
    )


def _expected(one: IntegrationView, say: Language) -> Iterator[tuple[str, str]]:
    """Yields how often something has to come, and since when it doesn't."""
    if one.expect is not None:
        yield say("Expected within"), format_duration(one.expect)
        yield say("Heartbeat"), f"{one.hook}/heartbeat"
    if one.overdue_since is not None:
        yield say("Overdue since"), format_short_datetime(one.overdue_since, say)


def curl(one: IntegrationView) -> str:
    """A command that posts a sample; it reads the token unless the shell's TOKEN has it."""
    return (
        "test \"$TOKEN\" || { printf 'Token: '; read -r TOKEN; }; "
        f"curl '{one.hook}' -H \"Authorization: Bearer $TOKEN\" "
        f"-H 'Content-Type: application/json' -d '{one.sample}'"
    )


def _format_token(token: TokenView, say: Language) -> str:
    """The last characters of a token, and its last use."""
    end = say.ltr(f"…{token.end}")
    if token.used_at is None:
        return say("{token}: never used", token=end)
    time = format_short_datetime(token.used_at, say)
    return say("{token}: last used {time}", token=end, time=time)


def _format_counts(one: IntegrationView, say: Language) -> str:
    return say(
        "{accepted} accepted, {rejected} rejected", accepted=one.accepted, rejected=one.refused
    )


def _format(request: RequestOutcome, say: Language) -> str:
    """The outcome of a request."""
    time = format_short_datetime(request.at, say)
    if request.refusal:
        reason = REFUSALS.get(request.refusal)
        shown = say(reason) if reason else say.ltr(request.refusal)
        return say("{time}: rejected: {reason}", time=time, reason=shown)
    alerts = say.plural("{count} alert", "{count} alerts", request.accepted)
    return say("{time}: accepted: {alerts}", time=time, alerts=alerts)


COMMAND = Command(
    "integrations",
    N_("[NAME]"),
    N_("Show where tools post alerts, and what they sent"),
    ("",),
    Permission.ADMIN,
    run,
    needs_bridge=True,
)
