"""From a preview to a message in the outbox, by way of whoever has to say yes.

Nothing is sent here. What is accepted is durable before these return; the outbox does the rest.
What waits for a yes is durable too, is used up by the first decision, and is void after its time.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from kwtsms_bot import logs
from kwtsms_bot.commands import obstacles, showing
from kwtsms_bot.commands.base import Ask, Desk, Press, Reply, Tone
from kwtsms_bot.commands.preview import SAME_WITHIN, Preview, doubts, needs_approval
from kwtsms_bot.commands.refusals import over_limit, paused
from kwtsms_bot.outbox.draft import Draft, DraftKind, new_token
from kwtsms_bot.outbox.limits import Allowance, OverLimit, SentBefore
from kwtsms_bot.outbox.message import DedupeKey, Message, NewMessage, Place, Priority
from kwtsms_bot.outbox.store import By, KeyReused, Paused

CONFIRM_WITHIN = timedelta(minutes=10)


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
        try:
            draft = draft_of(desk, ask, preview)
            return await accept(desk, ask, draft, same_within=SAME_WITHIN)
        except SentBefore:  # At the same moment: nobody could have seen it.
            preview = replace(preview, repeated=True)
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


async def accept(
    desk: Desk,
    ask: Ask,
    draft: Draft,
    *,
    urgent: bool = False,
    same_within: timedelta | None = None,
) -> Reply:
    """Accepts at once; the same key is the same request. What is urgent overtakes what waits.

    Raises:
        SentBefore: `same_within` this time its author has said the same to one of these numbers.
    """
    new = replace(_message(desk, draft), key=DedupeKey("slack", ask.key))
    if urgent and new.priority is not Priority.BULK:
        new = replace(new, priority=Priority.URGENT)
    allowed = replace(allowance(desk), same_within=same_within)
    try:
        accepted = await desk.store.accept(new, desk.now(), allowed)
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


def allowance(desk: Desk) -> Allowance:
    """What the configuration allows."""
    limits = desk.config.limits
    return Allowance(limits.messages_per_hour, limits.per_number_per_hour, limits.credits_per_day)


async def let_in(desk: Desk, ask: Ask, draft: Draft, *, approved: By | None = None) -> Reply:
    """Accepts the draft: whoever comes second finds it gone."""
    new = _message(desk, draft)
    try:
        message = await desk.store.send_draft(
            draft.token, new, desk.now(), allowance(desk), approved=approved
        )
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
