"""Looks up people, their languages and their user groups in Slack, and caches the answers.

Fails closed: a person whose profile cannot be read counts as a guest, and a group that cannot be
read counts as empty. A `fresh` answer is at most three seconds old, so a withdrawn role presses no
button. It includes whether the person is still in a channel that grants a role, where Slack shows
the bot its members.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.foreign_text import clean_name
from kwtsms_bot.i18n.translator import Language, language
from kwtsms_bot.slack.blocks import is_user_id
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name

CACHE_SECONDS = 300.0
GROUP_CACHE_SECONDS = 60.0
FRESH_SECONDS = 3.0  # usergroups.users.list is Tier 2: 20 a minute.
# https://docs.slack.dev/reference/methods/conversations.members: fewer than 1000 a page.
MEMBERS_PER_PAGE = 999
# The bot has no optional scope, or is not in a private channel: it cannot know who left.
_HIDDEN_MEMBERS = frozenset({"channel_not_found", "missing_scope"})
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UserProfile:
    """A user's Slack profile, as far as the bot needs it."""

    name: str
    locale: str
    outsider: bool
    team: str
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class ChannelMembers:
    """A channel's members, or that Slack does not show them to the bot."""

    users: frozenset[str] = frozenset()
    hidden: bool = False


class SlackUserDirectory:
    """Names, languages and phones of Slack users, and their membership in the configured groups."""

    def __init__(
        self,
        client: AsyncWebClient,
        groups: Iterable[str],
        fallback: str = "en",
        *,
        channels: Iterable[str] = (),
        tasks: BackgroundTasks,
    ) -> None:
        self._client = client
        self._groups = tuple(groups)
        self._channels = frozenset(channels)  # Those that grant a role.
        self._fallback = fallback
        self._profiles: _TtlCache[UserProfile] = _TtlCache(
            self._fetch_profile, CACHE_SECONDS, tasks
        )
        self._phones: _TtlCache[str] = _TtlCache(self._fetch_phone, CACHE_SECONDS, tasks)
        self._members: _TtlCache[frozenset[str]] = _TtlCache(
            self._fetch_members, GROUP_CACHE_SECONDS, tasks
        )
        self._channel_members: _TtlCache[ChannelMembers] = _TtlCache(
            self._fetch_channel_members, GROUP_CACHE_SECONDS, tasks
        )
        self.team = ""  # The bot's own workspace, once it is known.

    async def resolve_caller(
        self, user: str, channel: str, *, fresh: bool = False
    ) -> tuple[Person, Language]:
        """Returns the person who makes a request, and the language to answer in."""
        return await self.person(user, channel, fresh=fresh), self.cached_language(user)

    async def person(self, user: str, channel: str, *, fresh: bool = False) -> Person:
        """Returns the user with everything that permissions depend on."""
        profile, groups, in_channel = await asyncio.gather(
            self._profiles.get(user, fresh=fresh),
            self.groups_of(user, fresh=fresh),
            self._is_in_channel(user, channel, fresh=fresh),
        )
        if profile is None:
            last = self._profiles.last_known(user)
            gone = last is not None and last.deactivated
            return Person(
                user, channel, self.team, groups, outsider=True, known=False, deactivated=gone
            )
        return Person(
            user,
            channel,
            profile.team,
            groups,
            outsider=profile.outsider,
            deactivated=profile.deactivated,
            in_channel=in_channel,
        )

    async def groups_of(self, user: str, *, fresh: bool = False) -> frozenset[str]:
        """Returns the configured groups that `user` is in, without any that cannot be read."""
        lookups = (self._members.get(group, fresh=fresh) for group in self._groups)
        found = zip(self._groups, await asyncio.gather(*lookups), strict=True)
        return frozenset(group for group, members in found if members and user in members)

    async def _is_in_channel(self, user: str, channel: str, *, fresh: bool) -> bool:
        """Whether the user is still in a channel that grants a role; who types there surely is."""
        if not fresh or channel not in self._channels:
            return True
        members = await self._channel_members.get(channel, fresh=True)
        return members is not None and (members.hidden or user in members.users)

    async def name(self, user: str) -> str:
        """Returns the display name of `user`; the id if Slack has never returned a name."""
        profile = await self._profiles.get(user) or self._profiles.last_known(user)
        return profile.name if profile else user

    async def phone(self, user: str) -> str:
        """Returns the phone number in the user's profile, as typed there; empty if none."""
        return await self._phones.get(user) or ""

    async def is_active(self, user: str) -> bool | None:
        """Returns whether the account is in use; None if Slack does not say."""
        profile = await self._profiles.get(user)
        return None if profile is None else not profile.deactivated

    async def members(self, group: str) -> tuple[str, ...] | None:
        """Returns the members of any user group; None if Slack does not say."""
        found = await self._members.get(group)
        return None if found is None else tuple(sorted(found))

    async def language(self, user: str) -> Language:
        """Returns the user's Slack language; the configured one if it is not Arabic or English."""
        await self._profiles.get(user)
        return self.cached_language(user)

    def cached_language(self, user: str) -> Language:
        """Returns the user's language as far as it is cached, without asking Slack."""
        profile = self._profiles.last_known(user)
        locale = profile.locale if profile else ""
        return language(locale if locale[:2] in ("ar", "en") else self._fallback)

    async def _fetch_profile(self, user: str) -> UserProfile:
        if not is_user_id(user):  # An application, say: Slack would be asked for every card.
            return UserProfile(user, locale="", outsider=True, team="")
        answer = await self._client.users_info(user=user, include_locale=True)
        return self._parse_profile(answer.get("user") or {}, user)

    def _parse_profile(self, raw: Mapping[str, Any], user: str) -> UserProfile:
        profile = raw.get("profile") or {}
        team = str(raw.get("team_id") or "")
        teams = (raw.get("enterprise_user") or {}).get("teams") or [team]
        is_foreign = bool(self.team) and self.team not in teams
        flags = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
        return UserProfile(
            name=_display_name(profile.get("display_name"), raw.get("real_name")) or user,
            locale=str(raw.get("locale") or ""),
            outsider=is_foreign or any(raw.get(flag) for flag in flags),
            team=team,
            deactivated=bool(raw.get("deleted")),
        )

    async def _fetch_phone(self, user: str) -> str:
        answer = await self._client.users_profile_get(user=user)
        return str((answer.get("profile") or {}).get("phone") or "")

    async def _fetch_members(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer.get("users") or ())

    async def _fetch_channel_members(self, channel: str) -> ChannelMembers:
        try:
            pages = await self._client.conversations_members(
                channel=channel, limit=MEMBERS_PER_PAGE
            )
            users = [user async for page in pages for user in page.get("members") or ()]
        except SlackApiError as error:
            if error_name(error) in _HIDDEN_MEMBERS:
                return ChannelMembers(hidden=True)
            raise
        return ChannelMembers(frozenset(users))


def _display_name(*names: object) -> str:
    """Returns the first name of which something is left after cleaning."""
    cleaned = (clean_name(str(name or "")) for name in names)
    return next(filter(None, cleaned), "")


class _TtlCache(Generic[T]):
    """A cache of lookups; `get` never returns an answer that has expired.

    Concurrent calls for the same key share one lookup.
    """

    def __init__(
        self, load: Callable[[str], Awaitable[T]], seconds: float, tasks: BackgroundTasks
    ) -> None:
        self._load, self._seconds, self._tasks = load, seconds, tasks
        self._known: dict[str, tuple[float, T]] = {}
        self._pending: dict[str, asyncio.Task[T | None]] = {}

    def last_known(self, key: str) -> T | None:
        """Returns the last answer, however old."""
        return self._known[key][1] if key in self._known else None

    async def get(self, key: str, *, fresh: bool = False) -> T | None:
        known = self._known.get(key)
        ttl = FRESH_SECONDS if fresh else self._seconds
        if known and time.monotonic() - known[0] < ttl:
            return known[1]
        pending = self._pending.get(key)
        if pending is None:
            pending = self._pending[key] = self._tasks.start(self._refresh(key))
            pending.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(pending)

    async def _refresh(self, key: str) -> T | None:
        started = time.monotonic()  # A change during the call may be missing in the answer.
        try:
            answer = await self._load(key)
        except SLACK_ERRORS as error:
            log.warning("slack lookup failed", id=key, error=error_name(error))
            return None
        self._known[key] = (started, answer)
        return answer
