"""The people, channels and groups of a workspace, as data. Knows no rules and no time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]

TEAM_ID = "T00SANDBOX"
ORG_ID = "E00SANDBOX"
APP_ID = "A00SANDBOX"
BOT_ID = "B00SANDBOX"
BOT_USER_ID = "U00SMSBOT0"
SLACKBOT_ID = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Team:
    """Workspace of the sandbox."""

    id: str = TEAM_ID
    name: str = "Sandbox"
    domain: str = "sandbox"


@dataclass(frozen=True, slots=True)
class User:
    """Person or bot, as `users.info` describes them."""

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    phone: str = ""
    email: str = ""
    team_id: str = TEAM_ID
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    deleted: bool = False

    @property
    def is_stranger(self) -> bool:
        """Whether the user comes from another workspace, through a shared channel."""
        return self.team_id != TEAM_ID


class ChannelKind(StrEnum):
    """Kind of a channel."""

    PUBLIC = "public"
    PRIVATE = "private"
    DM = "dm"


@dataclass(frozen=True, slots=True)
class Channel:
    """Channel of messages; the bot posts only where it is a member."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    kind: ChannelKind = ChannelKind.PUBLIC
    is_archived: bool = False
    is_ext_shared: bool = False


@dataclass(frozen=True, slots=True)
class UserGroup:
    """User group that can be mentioned as @handle."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
