"""Questions that Slack answers: whether tokens work, and who and which channels are meant."""

import asyncio
import re
from collections.abc import Coroutine, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from kwtsms_bot.cli.init.questions import AnswerRefused
from kwtsms_bot.slack.workspace import (
    BotIdentity,
    LookupRefused,
    Member,
    WorkspaceChannel,
    WorkspaceLookup,
    check_app_token,
    find_channel,
    find_members,
)

MAX_LISTED = 9  # More names are no choice; a longer name is asked for.
BOT_TOKEN, APP_TOKEN = "xoxb-", "xapp-"
_TOKEN = re.compile(r"[\w%-]+", re.ASCII)
_MEMBER_ID = re.compile(r"[UW][A-Z0-9]{7,}")
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{7,}")
T = TypeVar("T")


def read_bot_token(answer: str, api_url: str) -> tuple[str, BotIdentity]:
    """Returns the token and whose it is, as Slack says.

    Raises:
        AnswerRefused: it isn't a bot token, or Slack refuses it.
    """
    _require_prefix(answer, BOT_TOKEN, "OAuth & Permissions → Bot User OAuth Token")
    return answer, _run(WorkspaceLookup(answer, api_url).identity())


def read_app_token(answer: str, api_url: str) -> str:
    """Returns the token if Slack opens Socket Mode for it.

    Raises:
        AnswerRefused: it isn't an app-level token, or Slack refuses it.
    """
    _require_prefix(answer, APP_TOKEN, "Basic Information → App-Level Tokens")
    _run(check_app_token(answer, api_url))
    return answer


class WorkspaceAnswers:
    """Reads names of people and channels of one workspace, which it asks for once."""

    def __init__(self, token: str | None, api_url: str) -> None:
        self._lookup = WorkspaceLookup(token, api_url) if token else None
        self._members: tuple[Member, ...] | None = None
        self._channels: tuple[WorkspaceChannel, ...] | None = None
        self._listed: Sequence[Member] = ()  # Those that the last answer could mean.

    def read_member(self, answer: str) -> Member:
        """Returns the one person who is meant, also by the number in the last list.

        Raises:
            AnswerRefused: nobody or several people are meant.
        """
        if answer.isdecimal() and 1 <= int(answer) <= len(self._listed):
            return self._listed[int(answer) - 1]
        if self._lookup is None:
            if _MEMBER_ID.fullmatch(answer):
                return Member(answer, "", "")
            raise AnswerRefused("Names need a bot token. Type your member ID (profile → ⋮).")
        found = find_members(answer, self._fetch_members(self._lookup))
        if len(found) == 1:
            return found[0]
        if not found:
            raise AnswerRefused(
                f"Nobody here is called “{answer}”. Type your full name, your @handle, or your "
                "member ID (profile → ⋮ → Copy member ID)."
            )
        if len(found) > MAX_LISTED:
            raise AnswerRefused(f"{len(found)} people match “{answer}”. Type the @handle.")
        self._listed = found
        listed = "\n".join(f"  {number}  {one.label}" for number, one in enumerate(found, 1))
        raise AnswerRefused(f"Several people match. Type a number or a member ID:\n{listed}")

    def read_channels(self, answer: str) -> tuple[WorkspaceChannel, ...]:
        """Returns the channels of these names or IDs, which commas separate.

        Raises:
            AnswerRefused: there is no such channel, as far as the app can see.
        """
        names = [one for one in re.split(r"[,\s]+", answer) if one.strip("#")]
        if not names:
            raise AnswerRefused("Type the name of a channel, such as #alerts.")
        return tuple(dict.fromkeys(map(self._read_channel, names)))

    def _read_channel(self, name: str) -> WorkspaceChannel:
        by_id = WorkspaceChannel(name, "", has_bot=True) if _CHANNEL_ID.fullmatch(name) else None
        if self._lookup is None:
            if by_id is not None:
                return by_id
            raise AnswerRefused("Names need a bot token. Type a channel ID (View details).")
        try:
            channels = self._fetch_channels(self._lookup)
        except AnswerRefused:
            if by_id is not None:
                return by_id
            raise
        found = find_channel(name, channels)
        if found is not None:
            return found
        known = [one.name for one in channels]
        close = get_close_matches(name.removeprefix("#").casefold(), known, n=1)
        hint = f"Did you mean #{close[0]}?" if close else "Check the name."
        raise AnswerRefused(
            f"No channel {name}. {hint} A private channel shows once you /invite the bot to it."
        )

    def _fetch_members(self, lookup: WorkspaceLookup) -> tuple[Member, ...]:
        if self._members is None:
            self._members = _run(lookup.members())
        return self._members

    def _fetch_channels(self, lookup: WorkspaceLookup) -> tuple[WorkspaceChannel, ...]:
        if self._channels is None:
            self._channels = _run(lookup.channels())
        return self._channels


def _require_prefix(token: str, prefix: str, where: str) -> None:
    rest = token.removeprefix(prefix)
    if rest == token or not _TOKEN.fullmatch(rest):
        raise AnswerRefused(f"Expected a token that starts with {prefix}. Find it under {where}.")


def _run(call: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(call)
    except LookupRefused as error:
        raise AnswerRefused(str(error)) from error
