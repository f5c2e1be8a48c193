"""The gateway's records: balances, accepted messages, the queue and the phones.

Knows no HTTP and no clock: the time is an argument. Every change is one synchronous method, so
that it happens whole or not at all.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_sandbox.gateway.accounts import GatewayAccount
from kwtsms_sandbox.gateway.codes import is_code
from kwtsms_sandbox.gateway.content import gets_stuck
from kwtsms_sandbox.gateway.models import Entry, Sms, State
from kwtsms_sandbox.gateway.requests import SubmitRequest

_IN_QUEUE = frozenset({State.QUEUED, State.TEST, State.STUCK})


@dataclass(slots=True)
class AccountBalance:
    """Account, its credits and the times of its last sends."""

    account: GatewayAccount
    available: Decimal
    purchased: Decimal
    last_sent: dict[str, datetime] = field(default_factory=dict)
    queue_free_at: datetime | None = None  # when the last queued message will have left


@dataclass(slots=True)
class AdminStatus:
    """Status and delivery reports that an administrator set for one message."""

    status: tuple[str, str] | None = None
    code: str | None = None
    deliveries: dict[str, str] = field(default_factory=dict)

    def set_status(self, word: str, description: str) -> None:
        """Sets the status from now on; an error code means a rejection."""
        self.code = word if is_code(word) else None
        self.status = None if self.code else (word, description)


class UnknownRecordError(LookupError):
    """Unknown account name or message id."""


class Ledger:
    """All records of a gateway."""

    def __init__(self, accounts: Iterable[GatewayAccount], *, seed: int) -> None:
        self.account_balances: dict[str, AccountBalance] = {}
        for account in accounts:
            self.open_account(account)
        self.entries: dict[str, Entry] = {}
        self._queue: dict[str, Entry] = {}  # the entries that have not left the queue
        self.admin_statuses: Mapping[str, AdminStatus] = defaultdict(AdminStatus)
        self.inboxes: dict[str, list[Sms]] = defaultdict(list)
        self._ids = random.Random(seed)  # noqa: S311  the same seed must give the same ids

    def open_account(self, account: GatewayAccount) -> None:
        """Opens an account with its credits."""
        self.account_balances[account.username] = AccountBalance(
            account, account.credits, account.credits
        )

    @property
    def accounts(self) -> Mapping[str, GatewayAccount]:
        """The current accounts by user name."""
        return {
            name: account_balance.account for name, account_balance in self.account_balances.items()
        }

    def account_balance(self, username: str) -> AccountBalance:
        """Returns the account's balance.

        Raises:
            UnknownRecordError: there is no such account.
        """
        if username not in self.account_balances:
            raise UnknownRecordError(
                f"no account {username!r}; there are {sorted(self.account_balances)}"
            )
        return self.account_balances[username]

    def entry(self, message_id: str) -> Entry:
        """Returns the entry of a message.

        Raises:
            UnknownRecordError: there is no such entry.
        """
        if message_id not in self.entries:
            raise UnknownRecordError(f"no message {message_id!r} in the ledger")
        return self.entries[message_id]

    def admin_status(self, message_id: str) -> AdminStatus:
        """Returns the administrator's status of the message, to be changed in place.

        Raises:
            UnknownRecordError: there is no such entry.
        """
        return self.admin_statuses[self.entry(message_id).message_id]

    def numbers_in_cooldown(self, username: str, now: datetime, within: float) -> frozenset[str]:
        """Returns the numbers that the account sent to less than `within` seconds ago."""
        since = now - timedelta(seconds=within)
        last_sent = self.account_balance(username).last_sent
        return frozenset(number for number, at in last_sent.items() if at > since)

    def queued(self, username: str) -> int:
        """Returns the number of messages in the account's queue."""
        mine = (entry for entry in self._queue.values() if entry.account == username)
        return sum(len(entry.numbers) for entry in mine)

    def accept(self, request: SubmitRequest, now: datetime) -> Entry:
        """Charges the request and stores its entry; the request must have passed the rules."""
        account_balance = self.account_balance(request.account.username)
        state = _first_state(request)
        leaves_at = now
        if state is State.QUEUED:
            leaves_at = self._place_in_queue(account_balance, request, now)
        entry = Entry(
            message_id=f"{self._ids.getrandbits(128):032x}",
            account=request.account.username,
            sender=request.sender or "",
            numbers=request.accepted,
            text=request.text or "",
            pages=request.pages,
            points=request.points,
            test=bool(request.test),
            at=now,
            leaves_at=leaves_at,
            state=state,
        )
        account_balance.available -= entry.points
        if not entry.test or request.behaviour.repeat_in_test:
            account_balance.last_sent.update(dict.fromkeys(entry.numbers, now))
        return self._store(entry)

    def release_due(self, now: datetime) -> Sequence[Entry]:
        """Delivers the queued entries that are due, and returns them."""
        due = [
            entry
            for entry in self._queue.values()
            if entry.state is State.QUEUED and entry.leaves_at <= now
        ]
        return [self._deliver(entry) for entry in due]

    def delete(self, message_id: str) -> Entry:
        """Deletes an entry from the queue and refunds its credits, as the dashboard does.

        Raises:
            UnknownRecordError: there is no such entry, or it is no longer in the queue.
        """
        entry = self.entry(message_id)
        if message_id not in self._queue:
            raise UnknownRecordError(
                f"message {message_id!r} is not in the queue: it is {entry.state}"
            )
        self.account_balance(entry.account).available += entry.points
        return self._store(replace(entry, state=State.DELETED))

    def top_up(self, username: str, credits_bought: Decimal) -> None:
        """Adds purchased credits."""
        account_balance = self.account_balance(username)
        account_balance.available += credits_bought
        account_balance.purchased += credits_bought

    def _place_in_queue(
        self, account_balance: AccountBalance, request: SubmitRequest, now: datetime
    ) -> datetime:
        rate = request.behaviour.sends_per_second
        if rate is None:
            return now
        backlog_gone_at = now + timedelta(seconds=request.behaviour.queue_backlog / rate)
        start = max(backlog_gone_at, account_balance.queue_free_at or now)
        account_balance.queue_free_at = start + timedelta(seconds=len(request.accepted) / rate)
        return account_balance.queue_free_at

    def _deliver(self, entry: Entry) -> Entry:
        for number in entry.numbers:
            self.inboxes[number].append(Sms(number, entry.sender, entry.text, entry.leaves_at))
        return self._store(replace(entry, state=State.SENT))

    def _store(self, entry: Entry) -> Entry:
        self.entries[entry.message_id] = entry
        if entry.state in _IN_QUEUE:
            self._queue[entry.message_id] = entry
        else:
            self._queue.pop(entry.message_id, None)
        return entry


def _first_state(request: SubmitRequest) -> State:
    if request.test:
        return State.TEST
    if gets_stuck(request.text or "", request.behaviour.stuck_characters):
        return State.STUCK
    return State.QUEUED
