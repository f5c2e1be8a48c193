"""From a preview to a message in the outbox, by way of whoever has to say yes.

Nothing is sent here. What is accepted is durable before these return; the outbox does the rest.
What waits for a yes is durable too, is used up by the first decision, and is void after its time.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from kwtsms_bot import logs
from kwtsms_bot.commands import obstacles, showing
from kwtsms_bot.commands.base import Ask, Desk, Notice, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.preview import Preview, doubts, needs_approval
from kwtsms_bot.commands.refusals import over_limit, paused, record, record_deed, refuse
from kwtsms_bot.outbox.draft import Draft, DraftKind, new_token
from kwtsms_bot.outbox.limits import Allowance, OverLimit
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage, Place, Priority
from kwtsms_bot.outbox.store import KeyReused, Paused

CONFIRM_WITHIN = timedelta(minutes=10)
CONFIRM, DISCARD = "send_confirm", "send_discard"
APPROVE, REFUSE = "send_approve", "send_refuse"


@dataclass(frozen=True, slots=True)
class Shown:
    """What its author is shown before it goes, and the token of the draft behind it."""

    reply: Reply
    token: str
    credits: int


async def offer(desk: Desk, ask: Ask, preview: Preview) -> Reply:
    """Accepts the message where there is nothing to doubt, else shows what would be sent."""
    if preview.repeated and (known := await accepted_before(desk, ask)):
        return showing.accepted(known, ask.say)  # Slack has delivered the command twice.
    problem = await obstacles.first(desk, ask, preview)
    if problem:
        return problem
    limits = desk.config.limits
    why = doubts(preview, limits, desk.config.kwtsms.default_country)
    if not why and not needs_approval(preview.credits, limits):
        return await accept(desk, ask, draft_of(desk, ask, preview))
    return (await shown_first(desk, ask, preview)).reply


async def accepted_before(desk: Desk, ask: Ask) -> Message | None:
    """What was accepted when Slack delivered this for the first time."""
    return await desk.store.accepted_as(DedupeKey("slack", ask.key))


async def shown_first(desk: Desk, ask: Ask, preview: Preview) -> Shown:
    """Keeps the message until its author has said yes."""
    draft = draft_of(desk, ask, preview)
    await desk.store.keep(draft)
    hot = await desk.store.hot(preview.recipients, desk.now())
    preview = replace(preview, hot=len(hot))
    why = doubts(preview, desk.config.limits, desk.config.kwtsms.default_country)
    reply = showing.to_confirm(preview, why, draft.token, ask.say)
    return Shown(reply, draft.token, draft.credits)


def draft_of(desk: Desk, ask: Ask, preview: Preview) -> Draft:
    """The preview as something that can wait for a yes."""
    now = desk.now()
    return Draft(
        token=new_token(),
        kind=DraftKind.CONFIRM,
        author=ask.person.user,
        team=ask.person.team,
        channel=ask.person.channel,
        locale=ask.say.code,
        text=preview.report.cleaned,
        recipients=preview.recipients,
        sender_id=desk.config.kwtsms.sender_id,
        pages=preview.report.pages,
        test=desk.config.kwtsms.test_mode,
        created_at=now,
        expires_at=now + CONFIRM_WITHIN,
    )


async def accept(desk: Desk, ask: Ask, draft: Draft, *, urgent: bool = False) -> Reply:
    """Accepts at once; the same key is the same request. What is urgent overtakes what waits."""
    new = replace(_message(desk, draft), key=DedupeKey("slack", ask.key))
    if urgent and new.priority is not Priority.BULK:
        new = replace(new, priority=Priority.URGENT)
    try:
        accepted = await desk.store.accept(new, desk.now(), allowance(desk))
    except KeyReused:
        title = ask.say("Slack used one request id for two texts. The second was not sent.")
        return Reply(Tone.BAD, title)
    except OverLimit as error:
        return await over_limit(desk, ask, error)
    except Paused as error:
        return paused(error, desk.config.slack.command, ask.say)
    if accepted.fresh:
        desk.wake()
    return showing.accepted(accepted.message, ask.say)


async def confirm(desk: Desk, press: Press) -> Reply:
    """The author's yes: accepted, or put before a second person where it costs that much."""
    draft = await desk.store.draft(press.value, desk.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return showing.void(press.say)
    if draft.author != press.person.user:
        return await refuse(desk, press, Action.SEND, "confirm")
    ask = where(press, draft)
    problem = await obstacles.of_draft(desk, ask, draft)
    if problem:
        return problem
    if needs_approval(draft.credits, desk.config.limits):
        return await _ask_for_approval(desk, ask, draft)
    return await _send(desk, ask, draft)


async def discard(desk: Desk, press: Press) -> Reply:
    """The author's no."""
    draft = await desk.store.draft(press.value, desk.now())
    if draft is not None and draft.author != press.person.user:
        return await refuse(desk, press, Action.SEND, "discard")
    if draft is None or not await desk.store.drop_draft(draft.token, desk.now()):
        return showing.void(press.say)
    return Reply(Tone.PLAIN, press.say("Discarded. Nothing was sent."), replaces=True)


async def approve(desk: Desk, press: Press) -> Reply:
    """A second person's yes: the first counts, and nobody approves their own."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    author = await desk.people.person(found.author, found.channel)
    asked = replace(press, person=author)
    problem = await obstacles.of_draft(desk, asked, found)
    if problem:
        return problem
    reply = await _send(desk, asked, found)
    if reply.accepted is None:
        return reply
    await record_deed(desk, press, "approved", (Action.APPROVE, reply.accepted.ref, found.author))
    title = press.say("Approved, and accepted as {ref}.", ref=reply.accepted.ref)
    by = ((press.say("Approved by"), await desk.people.name(press.person.user)),)
    return Reply(Tone.GOOD, title, facts=by, replaces=True)


async def turn_down(desk: Desk, press: Press) -> Reply:
    """A second person's no."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    if not await desk.store.drop_draft(found.token, desk.now()):
        return showing.void(press.say)
    await record_deed(desk, press, "turned down", (Action.APPROVE, "send", found.author))
    facts = (
        (press.say("Asked by"), await desk.people.name(found.author)),
        (press.say("Refused by"), await desk.people.name(press.person.user)),
    )
    return Reply(Tone.BAD, press.say("Refused. Nothing was sent."), facts=facts, replaces=True)


def allowance(desk: Desk) -> Allowance:
    """What the configuration allows."""
    limits = desk.config.limits
    return Allowance(limits.messages_per_hour, limits.per_number_per_hour, limits.credits_per_day)


async def _to_decide(desk: Desk, press: Press) -> Draft | Reply:
    """The draft that this person may decide about, or why they may not."""
    if not allows(desk.config.access, press.person, Action.APPROVE):
        return await refuse(desk, press, Action.APPROVE, "approve")
    draft = await desk.store.draft(press.value, desk.now())
    if draft is None or draft.kind is not DraftKind.APPROVE:
        return showing.void(press.say)
    if draft.author == press.person.user:
        await record(desk, press, "refused", (Action.APPROVE, "send", "their own"))
        title = press.say("Nobody approves what they asked for themselves.")
        return Reply(Tone.BAD, title, (press.say("Ask somebody else to look at it."),))
    return draft


async def _ask_for_approval(desk: Desk, ask: Ask, draft: Draft) -> Reply:
    limits = desk.config.limits
    channel = limits.approval_channel or draft.channel
    if not channel:
        title = ask.say("A second person has to approve this. Nothing was sent.")
        details = (ask.say("Write it in a channel, so that somebody there can."),)
        return Reply(Tone.BAD, title, details)
    now = desk.now()
    asked = replace(
        draft,
        token=new_token(),
        kind=DraftKind.APPROVE,
        created_at=now,
        expires_at=now + min(limits.approval_expires, desk.config.outbox.retention),
    )
    if not await desk.store.promote(draft.token, asked, now):
        return showing.void(ask.say)
    detail = f"{asked.credits} credits"
    await record(desk, ask, "asked", (Action.APPROVE, "send", detail))
    author = await desk.people.name(asked.author)
    card = showing.to_approve(asked, author, ask.say)
    title = ask.say("Now a second person has to approve it.")
    details = (ask.say("It is asked for in this workspace; nothing is sent until then."),)
    return Reply(Tone.PLAIN, title, details, replaces=True, public=Notice(channel, card))


async def _send(desk: Desk, ask: Ask, draft: Draft) -> Reply:
    """Accepts the draft: whoever comes second finds it gone."""
    new = _message(desk, draft)
    try:
        message = await desk.store.send_draft(draft.token, new, desk.now(), allowance(desk))
    except OverLimit as error:
        return await over_limit(desk, ask, error)
    except Paused as error:
        return paused(error, desk.config.slack.command, ask.say)
    if message is None:
        return showing.void(ask.say)
    desk.wake()
    return replace(showing.accepted(message, ask.say), replaces=True)


def where(press: Press, draft: Draft) -> Press:
    """The press as if it were made where the message was written: there its author asked."""
    return replace(press, person=replace(press.person, channel=draft.channel))


def _message(desk: Desk, draft: Draft) -> NewMessage:
    many = len(draft.recipients) >= desk.config.access.bulk_from
    return NewMessage(
        source="slack",
        author=draft.author,
        team=draft.team,
        text=draft.text,
        sender_id=draft.sender_id,
        recipients=draft.recipients,
        place=Place(draft.channel or draft.author, None),
        priority=Priority.BULK if many else Priority.NORMAL,
        expires_at=desk.now() + desk.config.outbox.expires_after,
        test=draft.test,
        pages=draft.pages,
        request=logs.request(),
    )


DEEDS = {CONFIRM: confirm, DISCARD: discard, APPROVE: approve, REFUSE: turn_down}
