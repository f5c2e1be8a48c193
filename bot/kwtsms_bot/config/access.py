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
    """Holders of a role, by Slack's IDs. Names are refused, because anybody can change theirs."""

    users: tuple[UserId, ...] = Field(default=(), examples=[["U0123ABCD"]])
    """User IDs (in Slack: profile, ⋮, Copy member ID). Guests hold a role only by their own ID."""
    groups: tuple[GroupId, ...] = Field(default=(), examples=[["S0123ABCD"]])
    """User group IDs (paid Slack plans)."""
    channels: tuple[ChannelId, ...] = Field(default=(), examples=[["C0123ABCD"]])
    """Channel IDs: everybody who types in that channel holds the role there."""

    @property
    def empty(self) -> bool:
        """Whether nobody holds this role."""
        return not (self.users or self.groups or self.channels)


class Access(Section):
    """Who may do what. Permissions are off by default: nobody can send until you allow it."""

    reader: Grant = Field(default=Grant(), examples=[{"channels": ["C0123ABCD"]}])
    """May view: balance, status, dlr and the like."""
    sender: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May view, and send to fewer than `bulk_from` numbers at once."""
    bulk: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May do what a sender may, send to any number of recipients, and approve."""
    admin: Grant = Field(default=Grant(), examples=[{"users": ["U0123ABCD"]}])
    """May do everything."""
    bulk_from: Annotated[int, Field(ge=2, le=10_000), Unambiguous] = Field(
        default=20, examples=[20]
    )
    """From this many numbers on that get the same text from one person within an hour, in one
    message or in several, the role bulk is needed."""
    workflows: bool = Field(default=False, examples=[False])
    """true lets the workflow step send for the person that the workflow names. The author of a
    workflow chooses that person, so switch it on only if you trust all authors."""

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
    """How much may be sent, and what needs a confirmation or an approval first."""

    confirm_recipients: Annotated[int, Field(ge=1), Unambiguous] = Field(default=5, examples=[5])
    """From this many recipients on, the author sees a preview and confirms it."""
    confirm_credits: Annotated[int, Field(ge=1), Unambiguous] = Field(default=10, examples=[10])
    """From this many credits on, the author sees a preview and confirms it."""
    approve_credits: Annotated[int, Field(ge=1), Unambiguous] | None = Field(
        default=None, examples=[200]
    )
    """From this many credits of one person within an hour on, a second person with the role bulk
    or admin must approve. Approved messages don't count; without it, no approval is needed."""
    approval_expires: Duration = Field(default=timedelta(minutes=30), examples=["30m"])
    """A request for approval expires after this time."""
    approval_channel: ChannelId | None = Field(default=None, examples=["C0123ABCD"])
    """The channel for requests for approval; without it, the channel of the message."""
    messages_per_hour: Annotated[int, Field(ge=1), Unambiguous] = Field(default=60, examples=[60])
    """Messages that one person may send in an hour."""
    credits_per_hour: Annotated[int, Field(ge=1), Unambiguous] | None = Field(
        default=None, examples=[200]
    )
    """Credits that one person may spend in an hour, without approved messages; without it, half of
    `credits_per_day`."""
    per_number_per_hour: Annotated[int, Field(ge=1), Unambiguous] = Field(default=10, examples=[10])
    """Messages that one phone may get in an hour."""
    credits_per_day: Annotated[int, Field(ge=1), Unambiguous] = Field(default=1000, examples=[1000])
    """Credits that all people together may spend from midnight to midnight in Kuwait."""
    urgent_percent: Annotated[int, Field(ge=0, le=90), Unambiguous] = Field(
        default=10, examples=[10]
    )
    """The share of `credits_per_day` that is kept for urgent messages, in percent: those of
    workflows, and those of admins to fewer than `access.bulk_from` numbers."""
    countries: tuple[Country, ...] = Field(default=("965",), examples=[["965", "966"]])
    """Country codes that may be sent to; `all` allows every country of the account."""
    quiet_hours: QuietHours | None = Field(default=None, examples=["21:00-09:00"])
    """No bulk message is sent between these times in Kuwait; it waits."""

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
