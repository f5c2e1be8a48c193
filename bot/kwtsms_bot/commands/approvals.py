"""A second person's yes or no: asked for in a channel, given once, by nobody for their own.

Who asked is told by direct message what came of it, wherever it was decided, and if nobody did.
"""

from collections.abc import Callable
from dataclasses import replace

from kwtsms_bot.commands import obstacles, showing
from kwtsms_bot.commands.base import Aside, Ask, ChannelId, Desk, Notice, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.refusals import by, record, refuse
from kwtsms_bot.commands.sending import let_in
from kwtsms_bot.language import Language, language
from kwtsms_bot.outbox.draft import Draft, DraftKind, new_token

APPROVE, REFUSE = "send_approve", "send_refuse"


async def ask_for_approval(desk: Desk, ask: Ask, draft: Draft) -> Reply:
    """Puts a confirmed message before somebody else."""
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
    await record(desk, ask, "asked", (Action.APPROVE, "send", f"{asked.credits} credits"))
    author = await desk.people.name(asked.author)
    card = showing.to_approve(asked, author, language(desk.config.language))
    title = ask.say("Now a second person has to approve it.")
    details = (ask.say("Nothing is sent until then; you are told what comes of it."),)
    facts = (
        (ask.say("Asked for in"), ChannelId(channel)),
        (ask.say("Until"), showing.until(asked.expires_at, ask.say)),
    )
    return Reply(Tone.PLAIN, title, details, facts, replaces=True, public=Notice(channel, card))


async def approve(desk: Desk, press: Press) -> Reply:
    """A second person's yes: the first counts, and nobody approves their own."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    if found.author == press.person.user:
        await record(desk, press, "refused", (Action.APPROVE, "send", "their own"))
        title = press.say("Nobody approves what they asked for themselves.")
        return Reply(Tone.BAD, title, (press.say("Ask somebody else to look at it."),))
    author = await desk.people.person(found.author, found.channel, fresh=True)
    if not allows(desk.config.access, author, Action.SEND):
        return await _its_author_may_not(desk, press, found)
    asked = replace(press, person=author)
    problem = await obstacles.of_draft(desk, asked, found)
    if problem:
        return problem
    reply = await let_in(desk, asked, found, approved=by(press))
    if reply.accepted is None:
        return reply
    title = press.say("Approved, and accepted as {ref}.", ref=reply.accepted.ref)
    facts = ((press.say("Approved by"), await desk.people.name(press.person.user)),)
    return Reply(Tone.GOOD, title, facts=facts, replaces=True)


async def turn_down(desk: Desk, press: Press) -> Reply:
    """A second person's no; from its author it takes the request back."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    if not await desk.store.drop_draft(found.token, desk.now(), refused=by(press)):
        return showing.void(press.say)
    say, own = press.say, found.author == press.person.user
    who = await desk.people.name(press.person.user)
    if own:
        title = say("Taken back by {name}. Nothing was sent.", name=who)
        return Reply(Tone.PLAIN, title, facts=showing.asked(found, say), replaces=True)
    facts = (
        (say("Asked by"), await desk.people.name(found.author)),
        (say("Refused by"), who),
        *showing.asked(found, say),
    )
    title = say("Refused. Nothing was sent.")
    aside = _aside(found, lambda say: say("Your message was refused by {name}.", name=who))
    pieces = showing.text_of(found)
    return Reply(Tone.BAD, title, facts=facts, pieces=pieces, replaces=True, aside=aside)


async def expired(desk: Desk) -> tuple[Aside, ...]:
    """What to tell those whose requests nobody decided in time; each is told of once."""
    gone = await desk.store.drop_old_requests(desk.now())
    return tuple(
        _aside(one, lambda say: say("Nobody approved your message in time.")) for one in gone
    )


def _aside(draft: Draft, title: Callable[[Language], str]) -> Aside:
    """The sentence for who asked, in their language, and what it was about."""
    say = language(draft.locale)
    reply = Reply(
        Tone.BAD,
        title(say),
        (say("Nothing was sent."),),
        showing.asked(draft, say),
        pieces=showing.text_of(draft),
    )
    return Aside(draft.author, reply, say)


async def _to_decide(desk: Desk, press: Press) -> Draft | Reply:
    """The request that this person may decide about, or why they may not."""
    draft = await desk.store.draft(press.value, desk.now())
    own = draft is not None and draft.author == press.person.user
    if not own and not allows(desk.config.access, press.person, Action.APPROVE):
        return await refuse(desk, press, Action.APPROVE, "approve")
    if draft is None or draft.kind is not DraftKind.APPROVE:
        return showing.void(press.say)
    return draft


async def _its_author_may_not(desk: Desk, press: Press, draft: Draft) -> Reply:
    await record(desk, press, "refused", (Action.APPROVE, "send", f"{draft.author} may not send"))
    name = await desk.people.name(draft.author)
    title = press.say("{name} may not send any more. Nothing was sent.", name=name)
    return Reply(Tone.BAD, title)


DEEDS = {APPROVE: approve, REFUSE: turn_down}
