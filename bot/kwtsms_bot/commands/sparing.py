"""The same message with plain quotes and dashes, where that takes fewer pages."""

from dataclasses import replace

from kwtsms_bot.commands import showing
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply
from kwtsms_bot.commands.gathering import SendRequest, build_preview
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.recipients import ParsedLine
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.commands.sending import PendingPreview, in_original_channel, request_confirmation
from kwtsms_bot.outbox.draft import DraftKind
from kwtsms_client import Phone, inspect_message

PLAINER = "send_plainer"


async def use_plain_quotes(context: CommandContext, press: ButtonPress) -> Reply:
    """Another preview in the place of the one whose button was pressed."""
    found = await preview_plain_quotes(context, press)
    return found if isinstance(found, Reply) else replace(found.reply, replaces=True)


async def preview_plain_quotes(
    context: CommandContext, press: ButtonPress
) -> PendingPreview | Reply:
    """The preview of the plainer text, or why there is none; the draft before it is void."""
    draft = await context.store.get_draft(press.value, context.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return showing.expired_reply(press.say)
    if draft.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "confirm")
    text = inspect_message(draft.text).plainer
    if text is None or not await context.store.discard_draft(draft.token, context.now()):
        return showing.expired_reply(press.say)
    request = in_original_channel(press, draft)
    numbers = tuple(Phone(one) for one in draft.recipients)
    preview = await build_preview(
        context, request, SendRequest(line=ParsedLine(numbers, (), ""), text=text)
    )
    return await request_confirmation(context, request, replace(preview, masked=True))


HANDLERS = {PLAINER: use_plain_quotes}
