"""A model of the outbox in plain lists, with which the real outbox is compared."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.states import TRANSITIONS, State

COOLDOWN = timedelta(seconds=16)
LEASE = timedelta(seconds=30)


@dataclass
class Row:
    """One recipient of one message."""

    message: int
    phone: str
    priority: Priority
    due: datetime
    expires: datetime | None
    state: State = State.QUEUED
    call: int | None = None
    times_sent: int = 0  # Sends so far.
    allowed_sends: int = 1  # One, and one more for each proof that nothing was sent or resend.

    def transition(self, after: State) -> bool:
        """Changes the state and returns True, if the transition is legal."""
        if after not in TRANSITIONS[self.state]:
            return False
        self.state = after
        return True


@dataclass
class Call:
    """One attempt to send to some recipients of a message."""

    rows: list[Row]
    lease: datetime
    expires: datetime | None
    state: str = "claimed"


UNSETTLED = (State.QUEUED, State.CLAIMED, State.IN_FLIGHT)


@dataclass(frozen=True)
class Cooldown:
    """The cooldown of a number that was just sent to."""

    until: datetime
    call: int


@dataclass
class Model:
    """The state of the whole outbox."""

    rows: list[Row] = field(default_factory=list)  # In the order of acceptance.
    calls: dict[int, Call] = field(default_factory=dict)
    cooldowns: dict[str, Cooldown] = field(default_factory=dict)
    cancelled: set[int] = field(default_factory=set)  # Messages that have not been resent since.

    def of(self, message: int) -> list[Row]:
        """The recipients of a message."""
        return [row for row in self.rows if row.message == message]

    def of_call(self, call: int) -> list[Row]:
        """The recipients whose last attempt this is."""
        return [row for row in self.rows if row.call == call]

    def next_call(self, now: datetime) -> list[Row]:
        """The recipients to claim next: the most urgent, then the longest due.

        Defers recipients in cooldown and expires messages that are too old.
        """
        while (first := self._first(now)) is not None:
            message_rows = self.of(first.message)
            if first.expires is not None and first.expires <= now:
                for row in message_rows:
                    row.transition(State.EXPIRED)
                continue
            due = self._due(message_rows, now)
            if self._defer_cooling_down(due, now) < len(due):
                return self._due(message_rows, now)
            self._defer_cooling_down(
                [row for row in self.rows if row.priority is first.priority], now
            )
        return []

    def _due(self, rows: list[Row], now: datetime) -> list[Row]:
        return [row for row in rows if row.state is State.QUEUED and row.due <= now]

    def depends_on_time(self, now: datetime) -> bool:
        """Whether time alone can change anything: a lease, a cooldown or a due time."""
        return (
            any(call.state != "over" for call in self.calls.values())
            or any(cooldown.until > now for cooldown in self.cooldowns.values())
            or any(row.state is State.QUEUED and row.due > now for row in self.rows)
        )

    def _first(self, now: datetime) -> Row | None:
        due = self._due(self.rows, now)
        return min(due, key=lambda row: (row.priority, row.due, self.rows.index(row)), default=None)

    def _defer_cooling_down(self, rows: list[Row], now: datetime) -> int:
        """Defers the due recipients in cooldown; returns their number."""
        in_cooldown = [row for row in self._due(rows, now) if self._in_cooldown(row.phone, now)]
        for row in in_cooldown:
            row.due = self.cooldowns[row.phone].until
        return len(in_cooldown)

    def _in_cooldown(self, phone: str, now: datetime) -> bool:
        return phone in self.cooldowns and self.cooldowns[phone].until > now

    def _start_cooldown(self, rows: list[Row], call: int, now: datetime) -> None:
        self.cooldowns |= {row.phone: Cooldown(now + COOLDOWN, call) for row in rows}

    def claim(self, call: int, rows: list[Row], now: datetime) -> None:
        """Claims recipients for a call."""
        self.calls[call] = Call(rows, now + LEASE, rows[0].expires)
        for row in rows:
            row.transition(State.CLAIMED)
            row.call = call

    def put_in_flight(self, number: int, now: datetime) -> bool:
        """Puts a call in flight if its lease is valid and no number is in cooldown."""
        call = self.calls[number]
        if call.state != "claimed" or call.lease <= now:
            return False
        if any(row.state is not State.CLAIMED for row in call.rows):  # Some were cancelled.
            self._requeue(number)
            return False
        if any(self._in_cooldown(row.phone, now) for row in call.rows):
            self._requeue(number)
            self._defer_cooling_down(call.rows, now)
            return False
        call.state, call.lease = "in_flight", now + LEASE
        for row in self.of_call(number):
            row.transition(State.IN_FLIGHT)
            row.times_sent += 1
        self._start_cooldown(call.rows, number, now)
        return True

    def renew(self, number: int, now: datetime) -> bool:
        """Renews the lease of a call; returns False once it has ended."""
        call = self.calls[number]
        if call.state == "over" or call.lease <= now:
            return False
        call.lease = now + LEASE
        return True

    def _requeue(self, number: int) -> None:
        self.calls[number].state = "over"
        for row in self.of_call(number):
            if row.state is State.CLAIMED:
                row.transition(State.QUEUED)

    def settle(self, number: int, after: State, due: datetime, now: datetime) -> None:
        """Settles a call; a proof that nothing was sent allows another send."""
        call = self.calls[number]
        call.state = "over"
        moved = False
        for row in self.of_call(number):
            if after is State.QUEUED and row.state is not State.IN_FLIGHT:
                continue
            if row.transition(after):
                moved = True
                row.due = min(due, call.expires or due)
                row.allowed_sends += after is State.QUEUED
                if after is State.QUEUED and row.message in self.cancelled:
                    row.transition(State.CANCELLED)
        if after in (State.SENT, State.UNKNOWN):
            self._start_cooldown(self.of_call(number), number, now)
        elif moved:
            self.cooldowns = {
                phone: cooldown
                for phone, cooldown in self.cooldowns.items()
                if cooldown.call != number
            }

    def report(self, number: int, after: State) -> None:
        """Records the states that the gateway reports for a call."""
        for row in self.of_call(number):
            row.transition(after)

    def reap_expired(self, now: datetime) -> None:
        """Reclaims calls whose lease has expired."""
        for number, call in self.calls.items():
            if call.lease > now or call.state == "over":
                continue
            if call.state == "claimed":
                self._requeue(number)
                continue
            call.state = "over"
            for row in self.of_call(number):
                row.transition(State.UNKNOWN)

    def cancel(self, message: int) -> None:
        """Cancels the recipients not yet sent to, and those whose attempt fails later."""
        unsettled = [row for row in self.of(message) if row.state in UNSETTLED]
        if unsettled:
            self.cancelled.add(message)
        for row in unsettled:
            if row.state is not State.IN_FLIGHT:
                row.transition(State.CANCELLED)

    def decide(self, message: int, after: State, now: datetime, expires: datetime) -> None:
        """Records a person's decision about unknown recipients; a resend gets a new expiry time."""
        unknown = [row for row in self.of(message) if row.state is State.UNKNOWN]
        for row in unknown:
            row.transition(after)
            row.due = now
            row.allowed_sends += after is State.QUEUED
        if unknown and after is State.QUEUED:
            self.cancelled.discard(message)
            for row in self.of(message):
                row.expires = expires
