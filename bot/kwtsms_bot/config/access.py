"""The sections `access` and `limits` of config.yaml. Reads no file."""

from datetime import time, timedelta
from typing import Annotated

from pydantic import Field

from kwtsms_bot.config.fields import (
    ChannelId,
    Country,
    Duration,
    GroupId,
    QuietHours,
    Section,
    Unambiguous,
    UserId,
)


class Grant(Section):
    """Who holds a role, by Slack's ids. Names are refused: they can be changed by anybody."""

    users: tuple[UserId, ...] = Field(default=(), examples=[["U0123ABCD"]])
    """User ids (in Slack: profile, ⋮, Copy member ID). Guests only hold a role by their own id."""
    groups: tuple[GroupId, ...] = Field(default=(), examples=[["S0123ABCD"]])
    """User group ids (paid Slack plans)."""
    channels: tuple[ChannelId, ...] = Field(default=(), examples=[["C0123ABCD"]])
    """Channel ids: everybody who types in that channel."""

    @property
    def empty(self) -> bool:
        """Whether nobody holds this role."""
        return not (self.users or self.groups or self.channels)


class Access(Section):
    """Who may do what. Nobody may do anything unless it is said here."""

    reader: Grant = Field(default=Grant(), examples=[{"channels": ["C0123ABCD"]}])
    """May ask: balance, status, dlr."""
    sender: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May send to a few numbers, and ask."""
    bulk: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May send to many numbers at once, and all that a sender may."""
    admin: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May do everything."""
    bulk_from: Annotated[int, Field(ge=2, le=10_000), Unambiguous] = Field(
        default=20, examples=[20]
    )
    """From this many numbers that one person sends one text to within an hour, in one message or
    in several, the role bulk is needed."""
    workflows: bool = Field(default=False, examples=[False])
    """true lets the workflow step send, for the person whom the workflow names: whoever builds a
    workflow chooses that person, so turn it on only where builders of workflows are trusted."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The user groups that hold any role, each once."""
        return tuple(dict.fromkeys(one for grant in self._grants for one in grant.groups))

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels in which everybody holds a role, each once."""
        return tuple(dict.fromkeys(one for grant in self._grants for one in grant.channels))

    @property
    def _grants(self) -> tuple[Grant, ...]:
        return self.reader, self.sender, self.bulk, self.admin


class Limits(Section):
    """How much may be sent, and what takes a second look first."""

    confirm_recipients: Annotated[int, Field(ge=1), Unambiguous] = Field(default=5, examples=[5])
    """From this many numbers on, the sender sees a preview and confirms it."""
    confirm_credits: Annotated[int, Field(ge=1), Unambiguous] = Field(default=10, examples=[10])
    """The same from this many credits on."""
    approve_credits: Annotated[int, Field(ge=1), Unambiguous] | None = Field(
        default=None, examples=[200]
    )
    """From this many credits of one person within an hour on, a second person with the role bulk
    or admin has to approve; what was approved does not count."""
    approval_expires: Duration = Field(default=timedelta(minutes=30), examples=["30m"])
    """An approval that nobody gave is void after this time."""
    approval_channel: ChannelId | None = Field(default=None, examples=["C0123ABCD"])
    """Where approvals are asked for; without it, where the message was written."""
    messages_per_hour: Annotated[int, Field(ge=1), Unambiguous] = Field(default=60, examples=[60])
    """What one person may send in an hour."""
    credits_per_hour: Annotated[int, Field(ge=1), Unambiguous] | None = Field(
        default=None, examples=[200]
    )
    """What one person may spend in an hour, without what a second person approved; if it is not
    set, half of credits_per_day."""
    per_number_per_hour: Annotated[int, Field(ge=1), Unambiguous] = Field(default=10, examples=[10])
    """What one phone may get in an hour."""
    credits_per_day: Annotated[int, Field(ge=1), Unambiguous] = Field(default=1000, examples=[1000])
    """What all people together may spend from midnight to midnight in Kuwait."""
    urgent_percent: Annotated[int, Field(ge=0, le=90), Unambiguous] = Field(
        default=10, examples=[10]
    )
    """The share of credits_per_day that is kept for urgent messages: those of workflows, and those
    of admins to a few numbers."""
    countries: tuple[Country, ...] = Field(default=("965",), examples=[["965", "966"]])
    """What numbers that may be sent to begin with; "all" for all that the account covers."""
    quiet_hours: QuietHours | None = Field(default=None, examples=["21:00-09:00"])
    """No bulk messages between these times in Kuwait."""

    @property
    def hourly_credits(self) -> int:
        """The credits that one person may spend in an hour."""
        return self.credits_per_hour or (self.credits_per_day + 1) // 2

    @property
    def urgent_credits(self) -> int:
        """The credits of a day that are kept for urgent messages."""
        return self.credits_per_day * self.urgent_percent // 100

    def is_quiet(self, at: time) -> bool:
        """Whether bulk messages have to wait at this time of day in Kuwait."""
        if self.quiet_hours is None:
            return False
        begin, end = self.quiet_hours
        return begin <= at < end if begin <= end else at >= begin or at < end
