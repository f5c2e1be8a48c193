"""What the author of a message is asked once more: their yes and their no."""

from kwtsms_bot.commands import obstacles, showing
from kwtsms_bot.commands.approvals import ask_for_approval
from kwtsms_bot.commands.base import Desk, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.commands.preview import needs_approval
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.commands.sending import let_in, where
from kwtsms_bot.outbox.draft import DraftKind

CONFIRM, DISCARD = "send_confirm", "send_discard"


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
        return await ask_for_approval(desk, ask, draft)
    return await let_in(desk, ask, draft)


async def discard(desk: Desk, press: Press) -> Reply:
    """The author's no."""
    draft = await desk.store.draft(press.value, desk.now())
    if draft is not None and draft.author != press.person.user:
        return await refuse(desk, press, Action.SEND, "discard")
    if draft is None or not await desk.store.drop_draft(draft.token, desk.now()):
        return showing.void(press.say)
    return Reply(Tone.PLAIN, press.say("Discarded. Nothing was sent."), replaces=True)


DEEDS = {CONFIRM: confirm, DISCARD: discard}
