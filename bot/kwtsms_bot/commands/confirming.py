"""What the author of a message is asked once more: their yes and their no."""

from kwtsms_bot.commands import obstacles, showing
from kwtsms_bot.commands.approvals import request_approval
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply, Severity
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.commands.preview import needs_approval
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.commands.sending import accept_draft, in_original_channel
from kwtsms_bot.outbox.draft import DraftKind

CONFIRM, DISCARD = "send_confirm", "send_discard"


async def confirm(context: CommandContext, press: ButtonPress) -> Reply:
    """The author's yes: accepted, or put before a second person where it costs that much."""
    draft = await context.store.get_draft(press.value, context.now())
    if draft is None or draft.kind is not DraftKind.CONFIRM:
        return showing.expired_reply(press.say)
    if draft.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "confirm")
    request = in_original_channel(press, draft)
    problem = await obstacles.check_draft(context, request, draft)
    if problem:
        return problem
    if needs_approval(draft.credits, context.config.limits):
        return await request_approval(context, request, draft)
    return await accept_draft(context, request, draft)


async def discard(context: CommandContext, press: ButtonPress) -> Reply:
    """The author's no."""
    draft = await context.store.get_draft(press.value, context.now())
    if draft is not None and draft.author != press.person.user:
        return await refuse(context, press, Permission.SEND, "discard")
    if draft is None or not await context.store.discard_draft(draft.token, context.now()):
        return showing.expired_reply(press.say)
    return Reply(Severity.INFO, press.say("Discarded. Nothing was sent."), replaces=True)


HANDLERS = {CONFIRM: confirm, DISCARD: discard}
