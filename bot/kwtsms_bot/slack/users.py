"""People, their languages and their user groups: asked of Slack, and kept for a while.

Fails closed: of whom Slack does not tell, it is assumed that they are guests, in no group. What is
asked `fresh` is as of this moment: a role that was withdrawn presses no button any more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import Language, language
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name

CACHE_SECONDS = 300.0
GROUP_CACHE_SECONDS = 60.0
FRESH_SECONDS = 3.0  # usergroups.users.list is Tier 2: 20 a minute.
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class UserProfile:
    """What Slack says of somebody."""

    name: str
    locale: str
    outsider: bool
    team: str


class SlackUserDirectory:
    """Who is called what, speaks what, and belongs to which of the groups that roles name."""

    def __init__(
        self,
        client: AsyncWebClient,
        groups: Iterable[str],
        fallback: str = "en",
        *,
        tasks: BackgroundTasks,
    ) -> None:
        self._client = client
        self._groups = tuple(groups)
        self._fallback = fallback
        self._profiles: _TtlCache[UserProfile] = _TtlCache(
            self._fetch_profile, CACHE_SECONDS, tasks
        )
        self._phones: _TtlCache[str] = _TtlCache(self._fetch_phone, CACHE_SECONDS, tasks)
        self._members: _TtlCache[frozenset[str]] = _TtlCache(
            self._fetch_members, GROUP_CACHE_SECONDS, tasks
        )
        self.team = ""  # Ours, as soon as Slack has said it.

    async def resolve_caller(
        self, user: str, channel: str, *, fresh: bool = False
    ) -> tuple[Person, Language]:
        """Somebody who asks for something, and the language to answer in."""
        return await self.person(user, channel, fresh=fresh), self.cached_language(user)

    async def person(self, user: str, channel: str, *, fresh: bool = False) -> Person:
        """What the permissions have to know of somebody."""
        profile, groups = await asyncio.gather(
            self._profiles.get(user, fresh=fresh), self.groups_of(user, fresh=fresh)
        )
        if profile is None:
            return Person(user, channel, self.team, groups, outsider=True, known=False)
        return Person(user, channel, profile.team, groups, outsider=profile.outsider)

    async def groups_of(self, user: str, *, fresh: bool = False) -> frozenset[str]:
        """Those of the configured groups that `user` is in; none of those that cannot be read."""
        lookups = (self._members.get(group, fresh=fresh) for group in self._groups)
        found = zip(self._groups, await asyncio.gather(*lookups), strict=True)
        return frozenset(group for group, members in found if members and user in members)

    async def name(self, user: str) -> str:
        """What people call `user`; the id when Slack has never said."""
        profile = await self._profiles.get(user) or self._profiles.last_known(user)
        return profile.name if profile else user

    async def phone(self, user: str) -> str:
        """The phone in somebody's profile, as they wrote it."""
        return await self._phones.get(user) or ""

    async def language(self, user: str) -> Language:
        """The language of somebody's Slack; the configured one where it is neither of ours."""
        await self._profiles.get(user)
        return self.cached_language(user)

    def cached_language(self, user: str) -> Language:
        """The same, as far as it is known without asking."""
        profile = self._profiles.last_known(user)
        locale = profile.locale if profile else ""
        return language(locale if locale[:2] in ("ar", "en") else self._fallback)

    async def _fetch_profile(self, user: str) -> UserProfile:
        answer = await self._client.users_info(user=user, include_locale=True)
        return self._parse_profile(answer.get("user") or {}, user)

    def _parse_profile(self, raw: Mapping[str, Any], user: str) -> UserProfile:
        profile = raw.get("profile") or {}
        team = str(raw.get("team_id") or "")
        teams = (raw.get("enterprise_user") or {}).get("teams") or [team]
        is_foreign = bool(self.team) and self.team not in teams
        flags = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
        return UserProfile(
            name=str(profile.get("display_name") or raw.get("real_name") or user),
            locale=str(raw.get("locale") or ""),
            outsider=is_foreign or any(raw.get(flag) for flag in flags),
            team=team,
        )

    async def _fetch_phone(self, user: str) -> str:
        answer = await self._client.users_profile_get(user=user)
        return str((answer.get("profile") or {}).get("phone") or "")

    async def _fetch_members(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer.get("users") or ())


class _TtlCache(Generic[T]):
    """Answers that are good for a while; after that none is better than an old one.

    Who asks while somebody else is asking the same waits for that answer.
    """

    def __init__(
        self, load: Callable[[str], Awaitable[T]], seconds: float, tasks: BackgroundTasks
    ) -> None:
        self._load, self._seconds, self._tasks = load, seconds, tasks
        self._known: dict[str, tuple[float, T]] = {}
        self._pending: dict[str, asyncio.Task[T | None]] = {}

    def last_known(self, key: str) -> T | None:
        """What was heard last, however long ago."""
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
        started = time.monotonic()  # What changes while Slack answers may not be in the answer.
        try:
            answer = await self._load(key)
        except SLACK_ERRORS as error:
            log.warning("slack lookup failed", id=key, error=error_name(error))
            return None
        self._known[key] = (started, answer)
        return answer
