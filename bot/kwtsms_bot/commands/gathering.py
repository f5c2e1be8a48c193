"""From what somebody named and wrote to a preview: names become numbers, facts are asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

from kwtsms_bot.commands.base import Ask, Desk
from kwtsms_bot.commands.preview import SAME_WITHIN, Preview
from kwtsms_bot.commands.recipients import Addressed
from kwtsms_client import (
    KwtSMSError,
    Phone,
    find_country_code,
    inspect_message,
    validate_phone_input,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to send: whom they named, and what they wrote."""

    line: Addressed = field(repr=False)
    text: str = field(repr=False)
    users: tuple[str, ...] = ()  # People in Slack: the number of their profile is meant.
    mentions: Mapping[str, str] = field(default_factory=dict)  # The ids behind @names.


@dataclass(slots=True)
class _Named:
    """What names and people stand for, as far as it is found out."""

    phones: dict[Phone, str] = field(default_factory=dict)  # And by which name they were named.
    asked: int = 0  # Numbers, as often as they were named.
    users: list[str] = field(default_factory=list)
    namesakes: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def add(self, number: str, name: str) -> None:
        """One number of a name."""
        self.asked += 1
        self.phones.setdefault(Phone(number), name)


async def gather(desk: Desk, ask: Ask, wish: Wish) -> Preview:
    """The preview of a wish."""
    named = _look_up(desk, ask, wish)
    contacts = named.asked
    for user in dict.fromkeys(named.users):
        await _add_profile(desk, ask, user, named)
    typed = wish.line.recipients
    phones = tuple(dict.fromkeys((*typed, *named.phones)))
    uncovered = await _uncovered(desk, phones)
    covered = tuple(one for one in phones if one not in uncovered)
    report = inspect_message(wish.text)
    return Preview(
        report=report,
        recipients=covered,
        mistakes=(*(one.sentence(ask.say) for one in wish.line.mistakes), *named.mistakes),
        uncovered=uncovered,
        duplicates=wish.line.duplicates + len(typed) + named.asked - len(phones),
        from_profiles=named.asked > contacts,
        named={phone: name for phone, name in named.phones.items() if phone not in typed},
        namesakes=tuple(named.namesakes),
        repeated=await _repeated(desk, ask, report.cleaned, covered),
        unclear=wish.line.unclear,
        test=desk.config.kwtsms.test_mode,
        balance=await _balance(desk),
    )


def _look_up(desk: Desk, ask: Ask, wish: Wish) -> _Named:
    """The numbers of the phone book, and the people who are asked for theirs."""
    named = _Named(users=list(wish.users))
    for name in wish.line.names:
        numbers = desk.config.phonebook.numbers(name)
        if numbers:
            for number in numbers:
                named.add(number, f"@{name}")
            named.namesakes += [name] if name in wish.mentions else []
        elif name in wish.mentions:
            named.users.append(wish.mentions[name])
        else:
            sorry = ask.say("There is no contact or group called {name}.", name=f"@{name}")
            named.mistakes.append(sorry)
    return named


async def _add_profile(desk: Desk, ask: Ask, user: str, named: _Named) -> None:
    """The number in somebody's Slack profile, or the sentence that says why there is none."""
    written = await desk.people.phone(user)
    check = validate_phone_input(written, default_country=desk.config.kwtsms.default_country)
    name = await desk.people.name(user)
    if check.valid:
        named.add(check.normalized, name)
        return
    if written:
        sorry = ask.say("The phone number in {name}'s Slack profile is not a mobile.", name=name)
    else:
        sorry = ask.say("{name} has no phone number in their Slack profile.", name=name)
    named.mistakes.append(sorry)


async def _uncovered(desk: Desk, phones: Sequence[Phone]) -> tuple[Phone, ...]:
    """The numbers abroad that the account has no route to; none where kwtSMS does not say."""
    home = desk.config.kwtsms.default_country
    abroad = [one for one in phones if find_country_code(one) != home]
    if not abroad:
        return ()
    try:
        coverage = await desk.gateway.coverage()
    except KwtSMSError:
        return ()
    return tuple(one for one in abroad if not coverage.covers(one))


async def _balance(desk: Desk) -> Decimal | None:
    """What this process last heard, or what any replica last saw within a day."""
    known = desk.gateway.cached_balance
    if known is not None:
        return known.available
    seen = await desk.alerts.last_sample(desk.now() - timedelta(days=1))
    return seen.available if seen else None


async def _repeated(desk: Desk, ask: Ask, cleaned: str, phones: Sequence[Phone]) -> bool:
    text_hash = sha256(cleaned.encode()).hexdigest()
    since = desk.now() - SAME_WITHIN
    return await desk.store.sent_before(ask.person.user, text_hash, phones, since)
