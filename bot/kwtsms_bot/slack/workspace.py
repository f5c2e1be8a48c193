"""Looks up what a setup asks about: tokens, people and channels by name. Changes nothing."""

import os
import unicodedata
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.doctor.network import SLACK_PROXIES, connection_remedy
from kwtsms_bot.slack.errors import (
    ORG_WIDE,
    ORG_WIDE_REMEDY,
    SLACK_ERRORS,
    error_name,
    is_org_wide,
    remedy,
)

TIMEOUT_SECONDS = 10
# https://docs.slack.dev/reference/methods/conversations.list: under 1000. Both lists are Tier 2, so
# that 20 pages go out within their burst and minute.
PAGE_SIZE = 999
MAX_PAGES = 20
RATE_LIMIT_RETRIES = 2
NETWORK_REMEDY = "Check this server's network, DNS and firewall."
SCOPE_REMEDY = "Type the ID instead, or paste the manifest again and reinstall the app."
CHANNEL_KINDS = ("public_channel,private_channel", "public_channel")


class LookupRefused(Exception):
    """Slack refused a lookup, or gave no answer; `remedy` says what to do."""

    def __init__(self, reason: str, fix: str, code: str = "") -> None:
        super().__init__(f"{reason} {fix}".strip())
        self.reason, self.remedy, self.code = reason, fix, code


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The workspace that a bot token belongs to, and the bot's name in it."""

    team: str
    team_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a workspace, with the names that others know them by."""

    id: str
    handle: str
    real_name: str
    display_name: str = ""
    email: str = ""  # Empty unless the app has the scope users:read.email.

    @property
    def label(self) -> str:
        """The person as shown in a list."""
        name = self.real_name or self.display_name
        return f"{name} (@{self.handle}, {self.id})" if self.handle else self.id


@dataclass(frozen=True, slots=True)
class WorkspaceChannel:
    """A channel that the app can see."""

    id: str
    name: str  # Empty if Slack does not show it.
    has_bot: bool

    @property
    def label(self) -> str:
        """The channel as people write it; its ID if it has no known name."""
        return f"#{self.name}" if self.name else self.id


@dataclass(frozen=True, slots=True)
class WorkspaceLookup:
    """Lookups with one bot token, without retries except for rate limits."""

    token: str = field(repr=False)
    api_url: str

    async def identity(self) -> BotIdentity:
        """Returns whose token it is.

        Raises:
            LookupRefused: Slack refuses the token, or it belongs to a whole organization.
        """
        try:
            found = await self._client().auth_test()
        except SLACK_ERRORS as error:
            raise _refused(error) from error
        if is_org_wide(found):
            raise LookupRefused(ORG_WIDE, ORG_WIDE_REMEDY)
        return BotIdentity(str(found.get("team")), str(found.get("team_id")), str(found["user"]))

    async def members(self) -> tuple[Member, ...]:
        """Returns the people of the workspace, at most 20 pages of them; no bots.

        Raises:
            LookupRefused: Slack refuses.
        """
        team = (await self.identity()).team_id
        found = [one async for one in self._pages("users_list", "members", {})]
        return tuple(_member(one) for one in found if _is_person(one, team))

    async def channels(self) -> tuple[WorkspaceChannel, ...]:
        """Returns the channels that the app can see; private ones only with their scope.

        Raises:
            LookupRefused: Slack refuses.
        """
        try:
            return await self._channels(CHANNEL_KINDS[0])
        except LookupRefused as error:
            if error.code != "missing_scope":
                raise
        return await self._channels(CHANNEL_KINDS[1])

    async def _channels(self, kinds: str) -> tuple[WorkspaceChannel, ...]:
        options = {"types": kinds, "exclude_archived": True}
        found = [one async for one in self._pages("conversations_list", "channels", options)]
        return tuple(
            WorkspaceChannel(str(one["id"]), str(one["name"]), bool(one.get("is_member")))
            for one in found
        )

    async def _pages(
        self, method: str, key: str, options: Mapping[str, Any]
    ) -> AsyncIterator[Mapping[str, Any]]:
        call, cursor = getattr(self._client(), method), ""
        for _ in range(MAX_PAGES):
            try:
                page = await call(limit=PAGE_SIZE, cursor=cursor, **options)
            except SLACK_ERRORS as error:
                raise _refused(error, method) from error
            for one in page.get(key) or ():
                yield one
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _client(self) -> AsyncWebClient:
        retries = AsyncRateLimitErrorRetryHandler(max_retry_count=RATE_LIMIT_RETRIES)
        return AsyncWebClient(
            token=self.token,
            base_url=self.api_url,
            timeout=TIMEOUT_SECONDS,
            retry_handlers=[retries],
        )


async def check_app_token(token: str, api_url: str) -> None:
    """Checks that Slack opens a Socket Mode connection for the token; opens none.

    Raises:
        LookupRefused: Slack refuses the token.
    """
    client = AsyncWebClient(base_url=api_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
    try:
        await client.apps_connections_open(app_token=token)
    except SLACK_ERRORS as error:
        raise _refused(error) from error


def find_members(query: str, members: Iterable[Member]) -> tuple[Member, ...]:
    """Returns who may be meant by an ID, an e-mail address, a @handle or a part of a name.

    Slack hides addresses from the app, so that an address is also compared by the part before the
    @, which is a new member's handle.
    """
    everybody, wanted = tuple(members), _fold(query)
    local_part, at, _ = wanted.removeprefix("@").partition("@")
    if any(one.id == query for one in everybody):
        return tuple(one for one in everybody if one.id == query)
    if at or wanted.startswith("@"):
        by_address = tuple(one for one in everybody if at and wanted == _fold(one.email))
        return by_address or tuple(one for one in everybody if local_part == _fold(one.handle))
    return tuple(one for one in everybody if any(wanted in name for name in _names(one)))


def find_channel(query: str, channels: Iterable[WorkspaceChannel]) -> WorkspaceChannel | None:
    """Returns the channel of this ID or name, with or without its #."""
    name = _fold(query.removeprefix("#"))
    return next((one for one in channels if query == one.id or name == _fold(one.name)), None)


def _names(member: Member) -> tuple[str, ...]:
    named = (member.handle, member.real_name, member.display_name)
    return tuple(_fold(one) for one in named if one)


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _member(user: Mapping[str, Any]) -> Member:
    profile = user.get("profile") or {}
    return Member(
        str(user["id"]),
        str(user.get("name") or ""),
        str(user.get("real_name") or profile.get("real_name") or ""),
        str(profile.get("display_name") or ""),
        str(profile.get("email") or ""),
    )


def _is_person(user: Mapping[str, Any], team: str) -> bool:
    gone = user.get("deleted") or user.get("is_bot") or user.get("id") == "USLACKBOT"
    return not gone and user.get("team_id", team) == team


def _refused(error: Exception, method: str = "") -> LookupRefused:
    name = error_name(error)
    if name == "missing_scope" and method:
        return LookupRefused(f"The app lacks the scope for {method}.", SCOPE_REMEDY, name)
    if isinstance(error, SlackApiError):
        return LookupRefused(f"Slack says {name}.", remedy(error), name)
    fix = connection_remedy(error, os.environ, SLACK_PROXIES) or NETWORK_REMEDY
    return LookupRefused(f"Slack gave no answer ({name}).", fix, name)
