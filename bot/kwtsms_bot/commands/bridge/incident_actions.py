"""Acknowledges and resolves incidents; replies with what was done, and who was faster.

Commands and buttons lead here. The first person who acts counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from kwtsms_bot.commands.base import CommandContext, CommandRequest, Reply, Severity
from kwtsms_bot.commands.bridge.incident_text import CLOSED
from kwtsms_bot.commands.error_replies import actor_of
from kwtsms_bot.commands.mentions import mention_actor
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.store.actions import ActionResult

MAX_AT_ONCE = 300  # As many references as fit into the value of a button.
LIST_COMMAND = "alerts"


@dataclass(frozen=True, slots=True)
class ActionTexts:
    """Texts of the reply after an action."""

    done: str
    note: str


class IncidentAction(Enum):
    """Action of a person on an incident."""

    ACKNOWLEDGE = ActionTexts(
        N_("Acknowledged: {refs}"), N_("No more SMS will be sent about it, unless it gets worse.")
    )
    UNACKNOWLEDGE = ActionTexts(
        N_("Acknowledgement withdrawn: {refs}"), N_("New alerts in it will be texted again.")
    )
    RESOLVE = ActionTexts(N_("Resolved: {refs}"), N_("If it fires again, it will be opened again."))
    NOTIFY_AGAIN = ActionTexts(
        N_("Texted again: {refs}"), N_("The SMS that may have been sent counts as sent.")
    )


# By the state in which an incident already is: the title, the same within a list, and who did it.
ALREADY = {
    "firing": (N_("Nobody has acknowledged {ref}."), N_("not acknowledged"), ""),
    "acknowledged": (
        N_("{ref} is already acknowledged."),
        N_("already acknowledged"),
        N_("Acknowledged by"),
    ),
    "resolved": (N_("{ref} is already resolved."), N_("already resolved"), N_("Resolved by")),
}


def not_set_up_reply(say: Language) -> Reply:
    """The reply where the section `bridge` is absent."""
    title = say("Alerts aren't set up.")
    details = (say("An admin can add them to config.yaml."),)
    return Reply(Severity.INFO, title, details)


async def act(
    context: CommandContext,
    request: CommandRequest,
    action: IncidentAction,
    refs: Sequence[str],
) -> Reply:
    """Acts on incidents; the reply says which were done, and who was faster with the others."""
    control = context.incidents
    if control is None:
        return not_set_up_reply(request.say)
    refs = tuple(dict.fromkeys(ref.upper() for ref in refs))[:MAX_AT_ONCE]
    actor = actor_of(request)
    if action is IncidentAction.ACKNOWLEDGE:
        results = await control.acknowledge(refs, actor)
    elif action is IncidentAction.UNACKNOWLEDGE:
        results = await control.unacknowledge(refs, actor)
    elif action is IncidentAction.NOTIFY_AGAIN:
        results = await control.notify_again(refs, actor)
    else:
        results = await control.resolve(refs, actor)
    missing = sorted(set(refs) - {one.ref for one in results})
    done = [one for one in results if one.done]
    if not done:
        return await _undone_reply(context, request, results, missing)
    return await _done_reply(context, request, results, missing, texts=action.value)


async def _done_reply(
    context: CommandContext,
    request: CommandRequest,
    results: Sequence[ActionResult],
    missing: Sequence[str],
    *,
    texts: ActionTexts,
) -> Reply:
    say, severity = request.say, Severity.GOOD
    details = [say(texts.note)]
    if any(one.in_flight for one in results):
        severity = Severity.WARNING
        details.append(say("An SMS about it had already left."))
    if missing:
        severity = Severity.WARNING
        details.append(say("No incident has the ID {refs}.", refs=say.join(missing)))
    late = [one for one in results if not one.done]
    return Reply(
        severity,
        say(texts.done, refs=say.join(one.ref for one in results if one.done)),
        tuple(details),
        tuple([(one.ref, await _already(context, one, say)) for one in late]),
    )


async def _undone_reply(
    context: CommandContext,
    request: CommandRequest,
    results: Sequence[ActionResult],
    missing: Sequence[str],
) -> Reply:
    """The reply if nothing was changed: it was so already, or there is no such incident."""
    say = request.say
    if not results:
        title = say(
            "No incident has the ID {refs}.", refs=say.join(one[:20] for one in missing[:5])
        )
        line = f"{context.config.slack.command} {LIST_COMMAND}"
        details = (say("To see what is open, type {command}.", command=say.ltr(line)),)
        return Reply(Severity.ERROR, title, details)
    if len(results) > 1:
        facts = tuple([(one.ref, await _already(context, one, say)) for one in results])
        return Reply(Severity.INFO, say("Nothing was changed."), facts=facts)
    (one,) = results
    title, _, label = ALREADY[one.state.value]
    if one.by in CLOSED:
        facts = ((say("Closed"), say(CLOSED[one.by])),)
        return Reply(Severity.INFO, say(title, ref=one.ref), facts=facts)
    facts = ((say(label), await mention_actor(context, one.by)),) if one.by and label else ()
    return Reply(Severity.INFO, say(title, ref=one.ref), facts=facts)


async def _already(context: CommandContext, one: ActionResult, say: Language) -> str:
    """The state in which an incident was already, in a list."""
    text = say(ALREADY[one.state.value][1])
    if not one.by:
        return text
    if one.by in CLOSED:
        return f"{text} · {say(CLOSED[one.by])}"
    name = await mention_actor(context, one.by)
    return f"{text} · " + say("by {name}", name=say.auto(name))
