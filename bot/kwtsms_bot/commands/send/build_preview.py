"""Builds a preview: resolves names to numbers, and looks up coverage and balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from kwtsms_bot.commands.base import CommandContext, CommandRequest
from kwtsms_bot.commands.send.preview import DUPLICATE_WINDOW, Preview
from kwtsms_bot.commands.send.recipients import ParsedLine
from kwtsms_client import (
    KwtSMSError,
    Phone,
    find_country_code,
    inspect_message,
    validate_phone_input,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendRequest:
    """Recipients and text of a message to be sent, as a person entered them."""

    line: ParsedLine = field(repr=False)
    text: str = field(repr=False)
    users: tuple[str, ...] = ()  # Slack users: sent to the number in their profile.
    mentions: Mapping[str, str] = field(default_factory=dict)  # User ids by @name, without the @.


@dataclass(slots=True)
class _ResolvedNames:
    """Numbers found so far for names and Slack users, and the problems met."""

    phones: dict[Phone, str] = field(default_factory=dict)  # The name behind each number.
    count: int = 0  # Numbers found, repeats included.
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
    contacts = resolved.count
    for user in dict.fromkeys(resolved.users):
        await _add_profile(context, request, user, resolved)
    typed = send_request.line.recipients
    phones = tuple(dict.fromkeys((*typed, *resolved.phones)))
    uncovered = await _find_uncovered(context, phones)
    covered = tuple(one for one in phones if one not in uncovered)
    report = inspect_message(send_request.text)
    return Preview(
        report=report,
        recipients=covered,
        problems=(
            *(one.explain(request.say) for one in send_request.line.invalid),
            *resolved.problems,
        ),
        uncovered=uncovered,
        duplicates=send_request.line.duplicates + len(typed) + resolved.count - len(phones),
        from_profiles=resolved.count > contacts,
        names={phone: name for phone, name in resolved.phones.items() if phone not in typed},
        namesakes=tuple(resolved.namesakes),
        repeated=await _is_repeated(context, request, report.cleaned, covered),
        unclear=send_request.line.unclear,
        test=context.config.kwtsms.test_mode,
        balance=await _find_balance(context),
    )


def _resolve_names(
    context: CommandContext, request: CommandRequest, send_request: SendRequest
) -> _ResolvedNames:
    """Resolves names by the phone book; other mentions become users, to be looked up later."""
    resolved = _ResolvedNames(users=list(send_request.users))
    for name in send_request.line.names:
        numbers = context.config.phonebook.numbers(name)
        if numbers:
            for number in numbers:
                resolved.add(number, f"@{name}")
            resolved.namesakes += [name] if name in send_request.mentions else []
        elif name in send_request.mentions:
            resolved.users.append(send_request.mentions[name])
        else:
            problem = request.say("There is no contact or group called {name}.", name=f"@{name}")
            resolved.problems.append(problem)
    return resolved


async def _add_profile(
    context: CommandContext, request: CommandRequest, user: str, resolved: _ResolvedNames
) -> None:
    """Adds the number in a user's Slack profile, or the problem if there is none."""
    written = await context.users.phone(user)
    check = validate_phone_input(written, default_country=context.config.kwtsms.default_country)
    name = await context.users.name(user)
    if check.valid:
        resolved.add(check.normalized, name)
        return
    if written:
        problem = request.say(
            "The phone number in {name}'s Slack profile is not a mobile.", name=name
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
    """Returns the balance this process last received, or any replica's within the last day."""
    known = context.gateway.cached_balance
    if known is not None:
        return known.available
    sample = await context.balance.samples.last_sample(context.now() - timedelta(days=1))
    return sample.available if sample else None


async def _is_repeated(
    context: CommandContext, request: CommandRequest, cleaned: str, phones: Sequence[Phone]
) -> bool:
    text_hash = sha256(cleaned.encode()).hexdigest()
    since = context.now() - DUPLICATE_WINDOW
    return await context.outbox.messages.has_sent(request.person.user, text_hash, phones, since)
