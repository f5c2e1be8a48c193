"""Builds a preview: resolves names to numbers, and looks up coverage and balance."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from kwtsms_bot.commands.base import CommandContext, CommandRequest
from kwtsms_bot.commands.send.preview import DUPLICATE_WINDOW, Preview
from kwtsms_bot.commands.send.recipients import ParsedLine
from kwtsms_bot.commands.tokens import Token, TokenKind
from kwtsms_client import (
    KwtSMSError,
    Phone,
    find_country_code,
    inspect_message,
    validate_phone_input,
)

MAX_MEMBERS = 50  # Of a user group: users.profile.get is Tier 4, 100 a minute.


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """Recipients and text of a message to be sent, as a person entered them."""

    line: ParsedLine = field(repr=False)
    text: str = field(repr=False)
    users: tuple[str, ...] = ()  # Slack users: sent to the number in their profile.


@dataclass(slots=True)
class _ResolvedNames:
    """Numbers found so far for names and Slack users, and the problems met."""

    phones: dict[Phone, str] = field(default_factory=dict)  # The name behind each number.
    count: int = 0  # Numbers found, repeats included.
    profiles: int = 0  # Those of them that come from a Slack profile.
    users: list[str] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, number: str, name: str) -> None:
        """Adds a number that `name` gave."""
        self.count += 1
        self.phones.setdefault(Phone(number), name)


async def build_preview(
    context: CommandContext, request: CommandRequest, send_request: SendRequest
) -> Preview:
    """Builds the preview of a message from a send request."""
    resolved = _resolve_names(context, request, send_request)
    await _resolve_tokens(context, request, send_request.line.tokens, resolved)
    users = tuple(dict.fromkeys(resolved.users))
    await asyncio.gather(*map(context.users.phone, users))  # At once: the user waits.
    for user in users:
        await _add_user(context, request, user, resolved)
    typed = send_request.line.recipients
    phones = tuple(dict.fromkeys((*typed, *resolved.phones)))
    uncovered = await _find_uncovered(context, phones)
    covered = tuple(one for one in phones if one not in uncovered)
    report = inspect_message(send_request.text, shortcodes=True)
    return Preview(
        report=report,
        recipients=covered,
        problems=(
            *(one.explain(request.say) for one in send_request.line.invalid),
            *resolved.problems,
        ),
        uncovered=uncovered,
        duplicates=send_request.line.duplicates + len(typed) + resolved.count - len(phones),
        from_profiles=resolved.profiles > 0,
        names={phone: name for phone, name in resolved.phones.items() if phone not in typed},
        namesakes=tuple(resolved.namesakes),
        repeated=await _is_repeated(context, request, report.cleaned, covered),
        unclear=send_request.line.unclear,
        disguised=send_request.line.disguised,
        test=context.config.kwtsms.test_mode,
        balance=await _find_balance(context),
    )


def _resolve_names(
    context: CommandContext, request: CommandRequest, send_request: SendRequest
) -> _ResolvedNames:
    """Resolves names by the phone book."""
    resolved = _ResolvedNames(users=list(send_request.users))
    for name in send_request.line.names:
        numbers = context.config.phonebook.numbers(name)
        if numbers:
            for number in numbers:
                resolved.add(number, f"@{name}")
        else:
            problem = request.say("{name} isn't a contact or group.", name=f"@{name}")
            resolved.problems.append(problem)
    return resolved


async def _resolve_tokens(
    context: CommandContext,
    request: CommandRequest,
    tokens: Sequence[Token],
    resolved: _ResolvedNames,
) -> None:
    """Resolves Slack users and user groups by their ids, whatever their labels say."""
    for token in tokens:
        name = token.shown.removeprefix("@").casefold()
        is_namesake = context.config.phonebook.contact_of(token.id) != name
        if is_namesake and context.config.phonebook.numbers(name):
            resolved.namesakes.append(name)
        if token.kind is TokenKind.USER:
            resolved.users.append(token.id)
            continue
        members = await context.users.members(token.id)
        if not members:
            resolved.problems.append(
                request.say("Can't get the members of {group} from Slack.", group=token.shown)
            )
        elif len(members) > MAX_MEMBERS:
            resolved.problems.append(
                request.say(
                    "{group} has {count} members, and the limit is {most}. Use a phone book "
                    "group instead.",
                    group=token.shown,
                    count=len(members),
                    most=MAX_MEMBERS,
                )
            )
        else:
            resolved.users += members


async def _add_user(
    context: CommandContext, request: CommandRequest, user: str, resolved: _ResolvedNames
) -> None:
    """Adds the number of a user's contact, else that in their Slack profile, or the problem.

    So a mention, a direct message and a schedule mean the same person.
    """
    active = await context.users.is_active(user)
    contact = context.config.phonebook.contact_of(user)
    if active and contact is not None:
        resolved.add(context.config.phonebook.contacts[contact].number, f"@{contact}")
        return
    written = await context.users.phone(user) if active else ""
    check = validate_phone_input(written, default_country=context.config.kwtsms.default_country)
    name = await context.users.name(user)
    if check.valid:
        resolved.add(check.normalized, name)
        resolved.profiles += 1
        return
    if active is None:
        problem = request.say("Can't look up {name} in Slack. Try again in a minute.", name=name)
    elif not active:
        problem = request.say("{name}'s Slack account is deactivated.", name=name)
    elif written:
        problem = request.say(
            "The number in {name}'s Slack profile isn't a mobile number.", name=name
        )
    else:
        problem = request.say("{name} has no phone number in their Slack profile.", name=name)
    resolved.problems.append(problem)


async def _find_uncovered(context: CommandContext, phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """Returns the numbers abroad without a route; none if kwtSMS does not answer."""
    home = context.config.kwtsms.default_country
    abroad = [one for one in phones if find_country_code(one) != home]
    if not abroad:
        return ()
    try:
        coverage = await context.gateway.coverage()
    except KwtSMSError:
        return ()
    return tuple(one for one in abroad if not coverage.covers(one))


async def _find_balance(context: CommandContext) -> Decimal | None:
    """Returns the newest balance of the last day, to whichever replica it was reported."""
    found = [await context.outbox.statistics.last_balance_report(), context.asked_balance.newest]
    since = context.now() - timedelta(days=1)
    recent = [one for one in found if one is not None and one[0] >= since]
    if recent:
        return max(recent)[1]
    known = context.gateway.cached_balance  # Reported to this process, at an unknown time.
    return known.available if known else None


async def _is_repeated(
    context: CommandContext, request: CommandRequest, cleaned: str, phones: Sequence[Phone]
) -> bool:
    text_hash = sha256(cleaned.encode()).hexdigest()
    since = context.now() - DUPLICATE_WINDOW
    return await context.outbox.messages.has_sent(request.person.user, text_hash, phones, since)
