"""Names and user groups, asked of Slack and kept for five minutes. Fails closed."""

import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

KEPT_SECONDS = 300  # usergroups.users.list is Tier 2: 20 a minute.
T = TypeVar("T")
log = structlog.get_logger(__name__)


class Directory:
    """Who is called what, and who belongs to which of the groups that the configuration names."""

    def __init__(self, client: AsyncWebClient, groups: Iterable[str]) -> None:
        self._client = client
        self._groups = tuple(groups)
        self._names: _Kept[str] = _Kept(self._ask_name)
        self._members: _Kept[frozenset[str]] = _Kept(self._ask_members)

    async def groups_of(self, user: str) -> frozenset[str]:
        """Those of the configured groups that `user` is in; none of those that cannot be read."""
        found = set()
        for group in self._groups:
            members = await self._members.get(group)
            if members and user in members:
                found.add(group)
        return frozenset(found)

    async def name(self, user: str) -> str:
        """What people call `user`; the id when Slack does not say."""
        return await self._names.get(user) or user

    async def _ask_name(self, user: str) -> str:
        answer = await self._client.users_info(user=user)
        about = answer.get("user") or {}
        profile = about.get("profile") or {}
        return str(profile.get("display_name") or about.get("real_name") or user)

    async def _ask_members(self, group: str) -> frozenset[str]:
        answer = await self._client.usergroups_users_list(usergroup=group)
        return frozenset(answer.get("users") or ())


class _Kept(Generic[T]):
    """Answers that are good for a while; an old one is better than none, none than a wrong one."""

    def __init__(self, ask: Callable[[str], Awaitable[T]]) -> None:
        self._ask = ask
        self._known: dict[str, tuple[float, T]] = {}

    async def get(self, key: str) -> T | None:
        now = time.monotonic()
        since, answer = self._known.get(key, (None, None))
        if since is not None and now - since < KEPT_SECONDS:
            return answer
        try:
            answer = await self._ask(key)
        except SLACK_TROUBLE as error:
            log.warning("slack lookup failed", id=key, error=name(error))
            return None
        self._known[key] = (now, answer)
        return answer
