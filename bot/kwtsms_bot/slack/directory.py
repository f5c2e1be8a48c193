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

from kwtsms_bot.commands.policy import Person
from kwtsms_bot.language import Language, language
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

KEPT_SECONDS = 300.0
GROUP_SECONDS = 60.0
FRESH_SECONDS = 3.0  # usergroups.users.list is Tier 2: 20 a minute.
T = TypeVar("T")
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """What Slack says of somebody."""

    name: str
    locale: str
    outsider: bool
    team: str


class Directory:
    """Who is called what, speaks what, and belongs to which of the groups that roles name."""

    def __init__(
        self,
        client: AsyncWebClient,
        groups: Iterable[str],
        fallback: str = "en",
        *,
        tasks: Tasks,
    ) -> None:
        self._client = client
        self._groups = tuple(groups)
        self._fallback = fallback
        self._people: _Kept[About] = _Kept(self._ask_about, KEPT_SECONDS, tasks)
        self._phones: _Kept[str] = _Kept(self._ask_phone, KEPT_SECONDS, tasks)
        self._members: _Kept[frozenset[str]] = _Kept(self._ask_members, GROUP_SECONDS, tasks)
        self.team = ""  # Ours, as soon as Slack has said it.

    async def caller(
        self, user: str, channel: str, *, fresh: bool = False
    ) -> tuple[Person, Language]:
        """Somebody who asks for something, and the language to answer in."""
        return await self.person(user, channel, fresh=fresh), self.likely(user)

    async def person(self, user: str, channel: str, *, fresh: bool = False) -> Person:
        """What the permissions have to know of somebody."""
        about, groups = await asyncio.gather(
            self._people.get(user, fresh=fresh), self.groups_of(user, fresh=fresh)
        )
        if about is None:
            return Person(user, channel, self.team, groups, outsider=True, known=False)
        return Person(user, channel, about.team, groups, outsider=about.outsider)

    async def groups_of(self, user: str, *, fresh: bool = False) -> frozenset[str]:
        """Those of the configured groups that `user` is in; none of those that cannot be read."""
        asked = (self._members.get(group, fresh=fresh) for group in self._groups)
        found = zip(self._groups, await asyncio.gather(*asked), strict=True)
        return frozenset(group for group, members in found if members and user in members)

    async def name(self, user: str) -> str:
        """What people call `user`; the id when Slack has never said."""
        about = await self._people.get(user) or self._people.known(user)
        return about.name if about else user

    async def phone(self, user: str) -> str:
        """The phone in somebody's profile, as they wrote it."""
        return await self._phones.get(user) or ""

    async def language(self, user: str) -> Language:
        """The language of somebody's Slack; the configured one where it is neither of ours."""
        await self._people.get(user)
        return self.likely(user)

    def likely(self, user: str) -> Language:
        """The same, as far as it is known without asking."""
        about = self._people.known(user)
        locale = about.locale if about else ""
        return language(locale if locale[:2] in ("ar", "en") else self._fallback)

    async def _ask_about(self, user: str) -> About:
        answer = await self._client.users_info(user=user, include_locale=True)
        return self._about(answer.get("user") or {}, user)

    def _about(self, told: Mapping[str, Any], user: str) -> About:
        profile = told.get("profile") or {}
        team = str(told.get("team_id") or "")
        teams = (told.get("enterprise_user") or {}).get("teams") or [team]
        elsewhere = bool(self.team) and self.team not in teams
        flags = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted")
        return About(
            name=str(profile.get("display_name") or told.get("real_name") or user),
            locale=str(told.get("locale") or ""),
            outsider=elsewhere or any(told.get(flag) for flag in flags),
            team=team,
        )

    async def _ask_phone(self, user: str) -> str:
        answer = await self._client.users_profile_get(user=user)
        return str((answer.get("profile") or {}).get("phone") or "")

    async def _ask_members(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer.get("users") or ())


class _Kept(Generic[T]):
    """Answers that are good for a while; after that none is better than an old one.

    Who asks while somebody else is asking the same waits for that answer.
    """

    def __init__(self, ask: Callable[[str], Awaitable[T]], seconds: float, tasks: Tasks) -> None:
        self._ask, self._seconds, self._tasks = ask, seconds, tasks
        self._known: dict[str, tuple[float, T]] = {}
        self._asking: dict[str, asyncio.Task[T | None]] = {}

    def known(self, key: str) -> T | None:
        """What was heard last, however long ago."""
        return self._known[key][1] if key in self._known else None

    async def get(self, key: str, *, fresh: bool = False) -> T | None:
        known = self._known.get(key)
        good = FRESH_SECONDS if fresh else self._seconds
        if known and time.monotonic() - known[0] < good:
            return known[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = self._tasks.start(self._fetch(key))
            asking.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(asking)

    async def _fetch(self, key: str) -> T | None:
        begun = time.monotonic()  # What changes while Slack answers may not be in the answer.
        try:
            answer = await self._ask(key)
        except SLACK_TROUBLE as error:
            log.warning("slack lookup failed", id=key, error=name(error))
            return None
        self._known[key] = (begun, answer)
        return answer
