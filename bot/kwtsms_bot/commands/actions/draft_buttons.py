"""The buttons of a preview: send, discard, use plain quotes."""

from dataclasses import replace

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.actions.approve import request_approval
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply, Severity
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.send import checks, preview_reply
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.commands.send.preview import needs_approval
from kwtsms_bot.commands.send.recipients import ParsedLine
from kwtsms_bot.commands.send.submit import (
    PendingPreview,
    accept_draft,
    in_original_channel,
    request_confirmation,
)
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.outbox.quota.limits import ApprovalNeeded
from kwtsms_client import Phone, inspect_message


async def confirm(context: CommandContext, press: ButtonPress) -> Reply:
    """Accepts the author's draft, or requests approval if its price requires that."""
    draft = await context.outbox.drafts.get_draft(press.value, context.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return preview_reply.expired_reply(press.say)
    if draft.message.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "confirm")
    request = in_original_channel(press, draft)
    problem = await checks.check_draft(context, request, draft.message)
    if problem:
        return problem
    if needs_approval(draft.credits, context.config.limits):
        return await request_approval(context, request, draft)
    try:
        return await accept_draft(context, request, draft)
    except ApprovalNeeded:
        return await request_approval(context, request, draft)


async def discard(context: CommandContext, press: ButtonPress) -> Reply:
    """Discards the author's draft."""
    draft = await context.outbox.drafts.get_draft(press.value, context.now())
    if draft is not None and draft.message.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "discard")
    if draft is None or not await context.outbox.drafts.discard_draft(draft.token, context.now()):
        return preview_reply.expired_reply(press.say)
    return Reply(Severity.INFO, press.say("Discarded. Nothing was sent."), replaces=True)


async def use_plain_quotes(context: CommandContext, press: ButtonPress) -> Reply:
    """Replaces the preview with one that uses plain quotes."""
    found = await preview_plain_quotes(context, press)
    return found if isinstance(found, Reply) else replace(found.reply, replaces=True)


async def preview_plain_quotes(
    context: CommandContext, press: ButtonPress
) -> PendingPreview | Reply:
    """Discards the draft and returns a preview with plain quotes, or the reply that refuses."""
    draft = await context.outbox.drafts.get_draft(press.value, context.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return preview_reply.expired_reply(press.say)
    if draft.message.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "confirm")
    text = inspect_message(draft.message.text).plainer
    if text is None or not await context.outbox.drafts.discard_draft(draft.token, context.now()):
        return preview_reply.expired_reply(press.say)
    request = in_original_channel(press, draft)
    numbers = tuple(Phone(one) for one in draft.message.recipients)
    preview = await build_preview(
        context, request, SendRequest(line=ParsedLine(numbers, (), ""), text=text)
    )
    return await request_confirmation(context, request, replace(preview, masked=True))


HANDLERS = {
    action_ids.SEND_CONFIRM: confirm,
    action_ids.SEND_DISCARD: discard,
    action_ids.SEND_PLAINER: use_plain_quotes,
}
