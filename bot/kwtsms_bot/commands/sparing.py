"""The same message with plain quotes and dashes, where that takes fewer pages."""

from dataclasses import replace

from kwtsms_bot.commands import showing
from kwtsms_bot.commands.base import Desk, Press, Reply
from kwtsms_bot.commands.gathering import Wish, gather
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.commands.recipients import Addressed
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.commands.sending import Shown, shown_first, where
from kwtsms_bot.outbox.draft import DraftKind
from kwtsms_client import Phone, inspect_message

PLAINER = "send_plainer"


async def respell(desk: Desk, press: Press) -> Reply:
    """Another preview in the place of the one whose button was pressed."""
    found = await respelled(desk, press)
    return found if isinstance(found, Reply) else replace(found.reply, replaces=True)


async def respelled(desk: Desk, press: Press) -> Shown | Reply:
    """The preview of the plainer text, or why there is none; the draft before it is void."""
    draft = await desk.store.draft(press.value, desk.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return showing.void(press.say)
    if draft.author != press.person.user:
        return await refuse(desk, press, Action.SEND, "confirm")
    text = inspect_message(draft.text).plainer
    if text is None or not await desk.store.drop_draft(draft.token, desk.now()):
        return showing.void(press.say)
    ask = where(press, draft)
    numbers = tuple(Phone(one) for one in draft.recipients)
    preview = await gather(desk, ask, Wish(line=Addressed(numbers, (), ""), text=text))
    return await shown_first(desk, ask, replace(preview, masked=True))


DEEDS = {PLAINER: respell}
