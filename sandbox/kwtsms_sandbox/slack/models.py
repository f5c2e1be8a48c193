"""Who and what there is in a workspace, as facts. Knows no rules and no time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]

TEAM_ID = "T00SANDBOX"
APP_ID = "A00SANDBOX"
BOT_ID = "B00SANDBOX"
BOT_USER_ID = "U00SMSBOT0"
SLACKBOT_ID = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Team:
    """One workspace."""

    id: str = TEAM_ID
    name: str = "Sandbox"
    domain: str = "sandbox"


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot, as `users.info` knows them."""

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
        """They come from another workspace, through a shared channel."""
        return self.team_id != TEAM_ID


class ChannelKind(StrEnum):
    """How a channel is entered."""

    PUBLIC = "public"
    PRIVATE = "private"
    DM = "dm"


@dataclass(frozen=True, slots=True)
class Channel:
    """A place where messages stand; the bot posts only where it is a member."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    kind: ChannelKind = ChannelKind.PUBLIC
    is_archived: bool = False
    is_ext_shared: bool = False


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A group that can be mentioned as @handle."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
