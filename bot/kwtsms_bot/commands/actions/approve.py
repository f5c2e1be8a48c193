"""Approval by a second person: requested in a channel, decided once, never by the author.

The author gets a direct message if the request is rejected or expires.
"""

from collections.abc import Callable
from dataclasses import replace

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    ButtonPress,
    ChannelId,
    ChannelPost,
    CommandContext,
    CommandRequest,
    DirectMessage,
    Reply,
    Severity,
)
from kwtsms_bot.commands.error_replies import actor_of, audit, refuse
from kwtsms_bot.commands.mentions import mention
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.commands.send import checks, preview_reply
from kwtsms_bot.commands.send.submit import accept_draft
from kwtsms_bot.i18n.translator import Language, language
from kwtsms_bot.outbox.intake.draft import Draft, DraftKind, new_token

Facts = tuple[tuple[str, str], ...]


async def request_approval(context: CommandContext, request: CommandRequest, draft: Draft) -> Reply:
    """Turns a confirmed draft into an approval request, posted to a channel."""
    limits = context.config.limits
    channel = limits.approval_channel or draft.channel
    if not channel:
        title = request.say("Message not sent: it needs approval.")
        details = (request.say("Send it from a channel, where someone can approve it."),)
        return Reply(Severity.ERROR, title, details)
    now = context.now()
    approval = replace(
        draft,
        token=new_token(),
        kind=DraftKind.APPROVE,
        created_at=now,
        expires_at=now + min(limits.approval_expires, context.config.outbox.retention),
    )
    if not await context.outbox.drafts.request_approval(draft.token, approval, now):
        return preview_reply.expired_reply(request.say)
    await audit(
        context, request, "asked", (Permission.APPROVE, "send", f"{approval.credits} credits")
    )
    author = await mention(context, approval.message.author)
    card = preview_reply.approval_reply(approval, author, language(context.config.language))
    title = request.say("Waiting for approval.")
    details = (request.say("It will be sent once approved. We'll let you know if it's rejected."),)
    facts = (
        (request.say("Requested in"), ChannelId(channel)),
        (request.say("Expires"), preview_reply.format_expiry(approval.expires_at, request.say)),
    )
    return Reply(
        Severity.INFO, title, details, facts, replaces=True, channel_post=ChannelPost(channel, card)
    )


async def approve(context: CommandContext, press: ButtonPress) -> Reply:
    """Approves a request and accepts its message; authors cannot approve their own."""
    found = await _find_request(context, press)
    if isinstance(found, Reply):
        return found
    if found.message.author == press.person.user:
        await audit(context, press, "refused", (Permission.APPROVE, "send", "their own"))
        title = press.say("You can't approve your own message.")
        return Reply(Severity.ERROR, title, (press.say("Ask someone else to approve it."),))
    author = await context.users.person(found.message.author, found.channel, fresh=True)
    if not allows(context.config.access, author, Permission.SEND):
        return await _refuse_author(context, press, found)
    as_author = replace(press, person=author)
    problem = await checks.check_draft(context, as_author, found.message)
    if problem:
        return problem
    reply = await accept_draft(context, as_author, found, approved=actor_of(press))
    if reply.accepted is None:
        return reply
    title = press.say("Approved. Message {ref} is queued.", ref=reply.accepted.ref)
    facts = ((press.say("Approved by"), await mention(context, press.person.user)),)
    return Reply(Severity.GOOD, title, facts=facts, replaces=True)


async def reject(context: CommandContext, press: ButtonPress) -> Reply:
    """Rejects a request; its author withdraws it instead."""
    found = await _find_request(context, press)
    if isinstance(found, Reply):
        return found
    if not await context.outbox.drafts.discard_draft(
        found.token, context.now(), refused=actor_of(press)
    ):
        return preview_reply.expired_reply(press.say)
    say, own = press.say, found.message.author == press.person.user
    decider = await mention(context, press.person.user)
    if own:
        title = say("Withdrawn. Nothing was sent.")
        facts = ((say("Withdrawn by"), decider), *preview_reply.draft_facts(found, say))
        return Reply(Severity.INFO, title, facts=facts, replaces=True)
    facts = (
        (say("Requested by"), await mention(context, found.message.author)),
        (say("Rejected by"), decider),
        *preview_reply.draft_facts(found, say),
    )
    title = say("Rejected. Nothing was sent.")
    direct_message = _author_message(
        found,
        lambda say: say("Your message was rejected."),
        lambda say: ((say("Rejected by"), decider),),
    )
    text_spans = preview_reply.draft_text(found)
    return Reply(
        Severity.ERROR,
        title,
        facts=facts,
        text_spans=text_spans,
        replaces=True,
        direct_message=direct_message,
    )


async def pop_expired(context: CommandContext) -> tuple[DirectMessage, ...]:
    """Removes expired requests and returns the messages to their authors, each once."""
    drafts = await context.outbox.drafts.pop_expired_requests(context.now())
    return tuple(
        _author_message(one, lambda say: say("Your approval request expired.")) for one in drafts
    )


def _author_message(
    draft: Draft,
    title: Callable[[Language], str],
    facts: Callable[[Language], Facts] = lambda _say: (),
) -> DirectMessage:
    """The message to a draft's author, in their language, with what the draft was about."""
    say = language(draft.locale)
    reply = Reply(
        Severity.ERROR,
        title(say),
        (say("Nothing was sent."),),
        (*facts(say), *preview_reply.draft_facts(draft, say)),
        text_spans=preview_reply.draft_text(draft),
    )
    return DirectMessage(draft.message.author, reply, say)


async def _find_request(context: CommandContext, press: ButtonPress) -> Draft | Reply:
    """Returns the request that this person may decide, or the reply that says why not."""
    draft = await context.outbox.drafts.get_draft(press.value, context.now())
    own = draft is not None and draft.message.author == press.person.user
    if not own and not allows(context.config.access, press.person, Permission.APPROVE):
        return await refuse(context, press, Permission.APPROVE, "approve")
    if draft is None or draft.kind is not DraftKind.APPROVE:
        return preview_reply.expired_reply(press.say)
    return draft


async def _refuse_author(context: CommandContext, press: ButtonPress, draft: Draft) -> Reply:
    author = draft.message.author
    await audit(context, press, "refused", (Permission.APPROVE, "send", f"{author} may not send"))
    title = press.say("Message not sent: its author can no longer send.")
    facts = ((press.say("Requested by"), await mention(context, author)),)
    return Reply(Severity.ERROR, title, facts=facts)


HANDLERS = {action_ids.SEND_APPROVE: approve, action_ids.SEND_REFUSE: reject}
