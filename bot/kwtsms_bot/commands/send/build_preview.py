"""From what somebody named and wrote to a preview: names become numbers, facts are asked for."""

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
    """What somebody wants to send: whom they named, and what they wrote."""

    line: ParsedLine = field(repr=False)
    text: str = field(repr=False)
    users: tuple[str, ...] = ()  # People in Slack: the number of their profile is meant.
    mentions: Mapping[str, str] = field(default_factory=dict)  # The ids behind @names.


@dataclass(slots=True)
class _ResolvedNames:
    """What names and people stand for, as far as it is found out."""

    phones: dict[Phone, str] = field(default_factory=dict)  # And by which name they were named.
    count: int = 0  # Numbers, as often as they were named.
    users: list[str] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, number: str, name: str) -> None:
        """One number of a name."""
        self.count += 1
        self.phones.setdefault(Phone(number), name)


async def build_preview(
    context: CommandContext, request: CommandRequest, send_request: SendRequest
) -> Preview:
    """The preview of a wish."""
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
    """The numbers of the phone book, and the people who are asked for theirs."""
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
    """The number in somebody's Slack profile, or the sentence that says why there is none."""
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
    """The numbers abroad that the account has no route to; none where kwtSMS does not say."""
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
    """What this process last heard, or what any replica last saw within a day."""
    known = context.gateway.cached_balance
    if known is not None:
        return known.available
    sample = await context.alerts.last_sample(context.now() - timedelta(days=1))
    return sample.available if sample else None


async def _is_repeated(
    context: CommandContext, request: CommandRequest, cleaned: str, phones: Sequence[Phone]
) -> bool:
    text_hash = sha256(cleaned.encode()).hexdigest()
    since = context.now() - DUPLICATE_WINDOW
    return await context.store.has_sent(request.person.user, text_hash, phones, since)
