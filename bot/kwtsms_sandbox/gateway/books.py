"""Balances, the ledger, the queue and the phones: what is true, whatever clients came to know.

Knows no HTTP and no clock: the time comes with each call. Every change is one plain method, so
that it happens whole or not at all.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_sandbox.gateway.accounts import Account
from kwtsms_sandbox.gateway.codes import is_code
from kwtsms_sandbox.gateway.content import gets_stuck
from kwtsms_sandbox.gateway.orders import Order
from kwtsms_sandbox.gateway.records import Entry, Sms, State

_IN_QUEUE = frozenset({State.QUEUED, State.TEST, State.STUCK})


@dataclass(slots=True)
class Holding:
    """An account and what it has left."""

    account: Account
    available: Decimal
    purchased: Decimal
    last_sent: dict[str, datetime] = field(default_factory=dict)
    queue_free_at: datetime | None = None  # when the last queued message will have left


@dataclass(slots=True)
class Said:
    """What an administrator made the gateway say of one message."""

    status: tuple[str, str] | None = None
    code: str | None = None
    deliveries: dict[str, str] = field(default_factory=dict)

    def set_status(self, word: str, description: str) -> None:
        """From now on this is the status; a code is a refusal."""
        self.code = word if is_code(word) else None
        self.status = None if self.code else (word, description)


class UnknownRecordError(LookupError):
    """No account of that name, or no entry of that id."""


class Books:
    """All of a gateway's records."""

    def __init__(self, accounts: Iterable[Account], *, seed: int) -> None:
        self.holdings: dict[str, Holding] = {}
        for account in accounts:
            self.add(account)
        self.entries: dict[str, Entry] = {}
        self._queue: dict[str, Entry] = {}  # those of the entries that have not left it
        self.said: Mapping[str, Said] = defaultdict(Said)
        self.inboxes: dict[str, list[Sms]] = defaultdict(list)
        self._ids = random.Random(seed)  # noqa: S311  the same ids for the same seed is the point

    def add(self, account: Account) -> None:
        """Open an account, with its credits."""
        self.holdings[account.username] = Holding(account, account.credits, account.credits)

    @property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts as they stand, by user name."""
        return {name: holding.account for name, holding in self.holdings.items()}

    def holding(self, username: str) -> Holding:
        """The account's holding.

        Raises:
            UnknownRecordError: there is no such account.
        """
        if username not in self.holdings:
            raise UnknownRecordError(f"no account {username!r}; there are {sorted(self.holdings)}")
        return self.holdings[username]

    def entry(self, message_id: str) -> Entry:
        """The ledger's entry.

        Raises:
            UnknownRecordError: there is no such entry.
        """
        if message_id not in self.entries:
            raise UnknownRecordError(f"no message {message_id!r} in the ledger")
        return self.entries[message_id]

    def said_of(self, message_id: str) -> Said:
        """What the gateway was made to say of the message; change it in place.

        Raises:
            UnknownRecordError: there is no such entry.
        """
        return self.said[self.entry(message_id).message_id]

    def hot_numbers(self, username: str, now: datetime, within: float) -> frozenset[str]:
        """Numbers that the account sent to less than `within` seconds ago."""
        since = now - timedelta(seconds=within)
        last_sent = self.holding(username).last_sent
        return frozenset(number for number, at in last_sent.items() if at > since)

    def queued(self, username: str) -> int:
        """Messages that stand in the account's queue."""
        mine = (entry for entry in self._queue.values() if entry.account == username)
        return sum(len(entry.numbers) for entry in mine)

    def accept(self, order: Order, now: datetime) -> Entry:
        """Charge the order and write it into the ledger; it must have broken no rule."""
        holding = self.holding(order.account.username)
        state = _first_state(order)
        leaves_at = now
        if state is State.QUEUED:
            leaves_at = self._place_in_queue(holding, order, now)
        entry = Entry(
            message_id=f"{self._ids.getrandbits(128):032x}",
            account=order.account.username,
            sender=order.sender or "",
            numbers=order.accepted,
            text=order.text or "",
            pages=order.pages,
            points=order.points,
            test=bool(order.test),
            at=now,
            leaves_at=leaves_at,
            state=state,
        )
        holding.available -= entry.points
        if not entry.test or order.knobs.repeat_in_test:
            holding.last_sent.update(dict.fromkeys(entry.numbers, now))
        return self._set(entry)

    def release_due(self, now: datetime) -> Sequence[Entry]:
        """Let everything whose turn has come leave the queue for the phones."""
        due = [
            entry
            for entry in self._queue.values()
            if entry.state is State.QUEUED and entry.leaves_at <= now
        ]
        return [self._deliver(entry) for entry in due]

    def delete(self, message_id: str) -> Entry:
        """Take an entry out of the queue and give its credits back, as the dashboard does.

        Raises:
            UnknownRecordError: there is no such entry, or it is not in the queue any more.
        """
        entry = self.entry(message_id)
        if message_id not in self._queue:
            raise UnknownRecordError(
                f"message {message_id!r} is not in the queue: it is {entry.state}"
            )
        self.holding(entry.account).available += entry.points
        return self._set(replace(entry, state=State.DELETED))

    def top_up(self, username: str, credits_bought: Decimal) -> None:
        """Add credits that were bought."""
        holding = self.holding(username)
        holding.available += credits_bought
        holding.purchased += credits_bought

    def _place_in_queue(self, holding: Holding, order: Order, now: datetime) -> datetime:
        rate = order.knobs.sends_per_second
        if rate is None:
            return now
        backlog_gone_at = now + timedelta(seconds=order.knobs.queue_backlog / rate)
        start = max(backlog_gone_at, holding.queue_free_at or now)
        holding.queue_free_at = start + timedelta(seconds=len(order.accepted) / rate)
        return holding.queue_free_at

    def _deliver(self, entry: Entry) -> Entry:
        for number in entry.numbers:
            self.inboxes[number].append(Sms(number, entry.sender, entry.text, entry.leaves_at))
        return self._set(replace(entry, state=State.SENT))

    def _set(self, entry: Entry) -> Entry:
        self.entries[entry.message_id] = entry
        if entry.state in _IN_QUEUE:
            self._queue[entry.message_id] = entry
        else:
            self._queue.pop(entry.message_id, None)
        return entry


def _first_state(order: Order) -> State:
    if order.test:
        return State.TEST
    if gets_stuck(order.text or "", order.knobs.stuck_characters):
        return State.STUCK
    return State.QUEUED
