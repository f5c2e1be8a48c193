"""Accepts previewed messages into the outbox, after confirmation or approval where needed.

Sends nothing: an accepted message is durable before these functions return, and the outbox sends
it. A draft is durable too, is used up by the first decision, and expires.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from kwtsms_bot import logs
from kwtsms_bot.commands.base import ButtonPress, CommandContext, CommandRequest, Reply, Severity
from kwtsms_bot.commands.error_replies import paused_reply, refuse_quota_exceeded
from kwtsms_bot.commands.policy import Permission, Person, allows
from kwtsms_bot.commands.send import checks, preview_reply
from kwtsms_bot.commands.send.preview import (
    DUPLICATE_WINDOW,
    Preview,
    confirm_reasons,
    needs_approval,
)
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind, new_token
from kwtsms_bot.outbox.message import CardLocation, DedupeKey, Message, NewMessage, Priority
from kwtsms_bot.outbox.quota.limits import (
    Allowance,
    ApprovalNeeded,
    DuplicateMessage,
    QuotaExceededError,
)
from kwtsms_bot.outbox.store import Actor, IdempotencyConflict, SendingPaused

CONFIRM_TIMEOUT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PendingPreview:
    """Preview shown to its author, with the token and the price of its draft."""

    reply: Reply
    token: str
    credits: int


async def submit(context: CommandContext, request: CommandRequest, preview: Preview) -> Reply:
    """Accepts the message, or returns the problem or the preview to confirm."""
    if preview.repeated and (accepted := await find_accepted(context, request)):
        # Slack has delivered the command twice.
        return preview_reply.accepted_reply(accepted, request.say)
    problem = await checks.first_problem(context, request, preview)
    if problem:
        return problem
    limits = context.config.limits
    reasons = confirm_reasons(preview, limits, context.config.kwtsms.default_country)
    if not reasons and not needs_approval(preview.credits, limits):
        message = build_message(context, request, preview)
        try:
            return await accept(context, request, message, duplicate_window=DUPLICATE_WINDOW)
        except DuplicateMessage:  # Accepted after the preview looked for duplicates.
            preview = replace(preview, repeated=True)
        except ApprovalNeeded:
            preview = replace(preview, adds_up=True)
    return (await request_confirmation(context, request, preview)).reply


async def find_accepted(context: CommandContext, request: CommandRequest) -> Message | None:
    """Returns the message that an earlier delivery of this request created, if any."""
    return await context.outbox.intake.find_accepted(DedupeKey("slack", request.key))


async def request_confirmation(
    context: CommandContext, request: CommandRequest, preview: Preview
) -> PendingPreview:
    """Stores the message as a draft, and returns the preview that its author confirms."""
    now = context.now()
    draft = Draft(
        token=new_token(),
        kind=DraftKind.CONFIRM,
        message=build_message(context, request, preview),
        channel=request.person.channel,
        locale=request.say.code,
        created_at=now,
        expires_at=now + CONFIRM_TIMEOUT,
    )
    await context.outbox.drafts.save_draft(draft)
    cooling_down = await context.outbox.messages.cooldowns(preview.recipients, context.now())
    preview = replace(preview, cooling_down=len(cooling_down))
    reasons = confirm_reasons(preview, context.config.limits, context.config.kwtsms.default_country)
    reply = preview_reply.confirm_reply(preview, reasons, draft.token, request.say)
    return PendingPreview(reply, draft.token, draft.credits)


def build_message(context: CommandContext, request: CommandRequest, preview: Preview) -> NewMessage:
    """The message of a preview, without what is set at acceptance."""
    return NewMessage(
        source=SOURCE,
        author=request.person.user,
        team=request.person.team,
        text=preview.report.cleaned,
        sender_id=context.config.kwtsms.sender_id,
        recipients=preview.recipients,
        pages=preview.report.pages,
        test=context.config.kwtsms.test_mode,
    )


async def accept(
    context: CommandContext,
    request: CommandRequest,
    message: NewMessage,
    *,
    urgent: bool = False,
    duplicate_window: timedelta | None = None,
) -> Reply:
    """Accepts a message, once per request key; an `urgent` one overtakes others, unless bulk.

    Raises:
        DuplicateMessage: the author sent this text to one of these numbers within
            `duplicate_window`.
        ApprovalNeeded: with the author's messages of the last hour, it needs a second person.
    """
    new = _complete(context, message, request.person.channel)
    new = replace(new, key=DedupeKey("slack", request.key))
    if urgent and new.priority is not Priority.BULK:
        new = replace(new, priority=Priority.URGENT)
    allowed = allowance(context, request.person, new.priority)
    allowed = replace(allowed, duplicate_window=duplicate_window)
    try:
        accepted = await context.outbox.intake.accept(new, context.now(), allowed)
    except IdempotencyConflict:
        title = request.say("Message not sent: Slack mixed up two requests. Try again.")
        return Reply(Severity.ERROR, title)
    except QuotaExceededError as error:
        return await refuse_quota_exceeded(context, request, error)
    except SendingPaused as error:
        return paused_reply(error, context.config.slack.command, request.say)
    if accepted.fresh:
        context.wake()
    return preview_reply.accepted_reply(accepted.message, request.say)


def allowance(context: CommandContext, person: Person, priority: Priority) -> Allowance:
    """The quotas that the configuration sets for a message of this person."""
    limits, access = context.config.limits, context.config.access
    may_bulk = allows(access, person, Permission.BULK)
    urgent = priority is Priority.URGENT or (
        priority is not Priority.BULK and allows(access, person, Permission.ADMIN)
    )
    return Allowance(
        messages_per_hour=limits.messages_per_hour,
        per_number_per_hour=limits.per_number_per_hour,
        credits_per_day=limits.credits_per_day,
        numbers_per_text=None if may_bulk else access.bulk_from - 1,
        credits_per_hour=limits.hourly_credits,
        approve_credits=limits.approve_credits,
        urgent_credits=0 if urgent else limits.urgent_credits,
    )


async def accept_draft(
    context: CommandContext, request: CommandRequest, draft: Draft, *, approved: Actor | None = None
) -> Reply:
    """Accepts the draft, once; a later decision gets the reply for an expired draft.

    Raises:
        ApprovalNeeded: with the author's messages of the last hour, it needs a second person.
    """
    new = _complete(context, draft.message, draft.channel)
    try:
        message = await context.outbox.drafts.send_draft(
            draft.token,
            new,
            context.now(),
            allowance(context, request.person, new.priority),
            approved=approved,
        )
    except QuotaExceededError as error:
        return await refuse_quota_exceeded(context, request, error)
    except SendingPaused as error:
        return paused_reply(error, context.config.slack.command, request.say)
    if message is None:
        return preview_reply.expired_reply(request.say)
    context.wake()
    return replace(preview_reply.accepted_reply(message, request.say), replaces=True)


def in_original_channel(press: ButtonPress, draft: Draft) -> ButtonPress:
    """The press, moved to the channel in which the author wrote the message."""
    return replace(press, person=replace(press.person, channel=draft.channel))


def _complete(context: CommandContext, message: NewMessage, channel: str) -> NewMessage:
    """Adds what is set at acceptance: the card's channel, priority, expiry and request id."""
    is_bulk = len(message.recipients) >= context.config.access.bulk_from
    return replace(
        message,
        card_location=CardLocation(channel or message.author, None),
        priority=Priority.BULK if is_bulk else Priority.NORMAL,
        expires_at=context.now() + context.config.outbox.expires_after,
        request=logs.current_request_id(),
    )
