"""The outbox as it should behave, in plain lists: what the real one is held against."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.outbox.message import TRANSITIONS, Priority, State

HOT = timedelta(seconds=16)
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
    departures: int = 0  # How often it has left this machine,
    permits: int = 1  # and how often it may: once, and again after a proof or a person's word.

    def go(self, after: State) -> bool:
        """Moves, where that is legal."""
        if after not in TRANSITIONS[self.state]:
            return False
        self.state = after
        return True


@dataclass
class Call:
    """One attempt to send some of them."""

    rows: list[Row]
    lease: datetime
    state: str = "claimed"


@dataclass
class Model:
    """All of it."""

    rows: list[Row] = field(default_factory=list)  # In the order of acceptance.
    calls: dict[int, Call] = field(default_factory=dict)
    hot: dict[str, datetime] = field(default_factory=dict)

    def of(self, message: int) -> list[Row]:
        """The recipients of a message."""
        return [row for row in self.rows if row.message == message]

    def of_call(self, call: int) -> list[Row]:
        """The recipients whose last attempt this is."""
        return [row for row in self.rows if row.call == call]

    def next_call(self, now: datetime) -> list[Row]:
        """Who goes next: the most urgent, then the longest due, without what is hot or too old."""
        while (first := self._first(now)) is not None:
            together = self.of(first.message)
            if first.expires is not None and first.expires <= now:
                for row in together:
                    row.go(State.EXPIRED)
                continue
            due = [row for row in together if row.state is State.QUEUED and row.due <= now]
            self._put_off(due, now)
            cold = [row for row in due if row.due <= now]
            if cold:
                return cold
        return []

    def awaits(self, now: datetime) -> bool:
        """Whether anything would be otherwise later: a lease, a number's rest, a time to send."""
        return (
            any(call.state != "over" for call in self.calls.values())
            or any(at > now for at in self.hot.values())
            or any(row.state is State.QUEUED and row.due > now for row in self.rows)
        )

    def _first(self, now: datetime) -> Row | None:
        due = [row for row in self.rows if row.state is State.QUEUED and row.due <= now]
        return min(due, key=lambda row: (row.priority, row.due, self.rows.index(row)), default=None)

    def _put_off(self, rows: list[Row], now: datetime) -> bool:
        """Those that were sent to a moment ago wait by themselves; whether there were any."""
        hot = [row for row in rows if self.hot.get(row.phone, now) > now]
        for row in hot:
            if row.state in (State.QUEUED, State.CLAIMED):
                row.due = self.hot[row.phone]
        return bool(hot)

    def claim(self, call: int, rows: list[Row], now: datetime) -> None:
        """An owner takes them."""
        self.calls[call] = Call(rows, now + LEASE)
        for row in rows:
            row.go(State.CLAIMED)
            row.call = call

    def put_in_flight(self, number: int, now: datetime) -> bool:
        """They leave, where the lease still runs and none of them has become hot."""
        call = self.calls[number]
        if self._put_off(call.rows, now):
            self._give_back(number)
            return False
        if call.state != "claimed" or call.lease <= now:
            return False
        call.state, call.lease = "in_flight", now + LEASE
        for row in self.of_call(number):
            row.go(State.IN_FLIGHT)
            row.departures += 1
        self.hot |= {row.phone: now + HOT for row in call.rows}
        return True

    def _give_back(self, number: int) -> None:
        if self.calls[number].state == "claimed":
            self.calls[number].state = "over"
        for row in self.of_call(number):
            if row.state is State.CLAIMED:
                row.go(State.QUEUED)

    def settle(self, number: int, after: State, due: datetime, now: datetime) -> None:
        """What the call came to; proof that nothing was sent is a permit to send."""
        call = self.calls[number]
        call.state = "over"
        moved = False
        for row in self.of_call(number):
            if after is State.QUEUED and row.state is not State.IN_FLIGHT:
                continue
            if row.go(after):
                moved = True
                row.due = min(due, row.expires or due)
                row.permits += after is State.QUEUED
        phones = [row.phone for row in call.rows]
        if after in (State.SENT, State.UNKNOWN):
            self.hot |= dict.fromkeys(phones, now + HOT)
        elif moved:
            self.hot = {phone: at for phone, at in self.hot.items() if phone not in phones}

    def reap(self, now: datetime) -> None:
        """Owners whose lease ran out are gone."""
        for number, call in self.calls.items():
            if call.lease > now or call.state == "over":
                continue
            if call.state == "claimed":
                self._give_back(number)
                continue
            call.state = "over"
            for row in self.of_call(number):
                row.go(State.UNKNOWN)

    def cancel(self, message: int) -> None:
        """A person takes back what is queued."""
        for row in self.of(message):
            if row.state is State.QUEUED:
                row.go(State.CANCELLED)

    def decide(self, message: int, after: State, now: datetime) -> None:
        """A person decides about what is unknown."""
        for row in self.of(message):
            if row.state is State.UNKNOWN:
                row.go(after)
                row.due = now
                row.permits += after is State.QUEUED
