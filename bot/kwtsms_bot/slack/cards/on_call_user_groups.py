"""Keeps Slack user groups equal to the people on call; needs the scope usergroups:write."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.slack.errors import error_name, is_slack_down

CHECK_EVERY = timedelta(minutes=10)  # Somebody may change a group by hand.
log = structlog.get_logger(__name__)


class OnCallUserGroups:
    """The user groups that schedules name; several schedules may share one."""

    def __init__(self, roster: DutyRoster, client: AsyncWebClient, phonebook: Phonebook) -> None:
        self._roster, self._client, self._phonebook = roster, client, phonebook
        self._checked: dict[str, tuple[frozenset[str], datetime]] = {}

    async def update(self, now: datetime) -> None:
        """Sets the members of each group whose people have changed.

        A group whose people have no Slack user is left as it is: Slack refuses an empty one.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        for group, users in self._members(now).items():
            checked = self._checked.get(group)
            if not users or (checked and checked[0] == users and now - checked[1] < CHECK_EVERY):
                continue
            try:
                await self._set(group, users)
            except SlackApiError as error:
                if is_slack_down(error):
                    raise
                log.error("user group not changed", group=group, error=error_name(error))
            self._checked[group] = (users, now)

    def _members(self, now: datetime) -> Mapping[str, frozenset[str]]:
        """Returns the Slack users who belong into each group."""
        found: dict[str, frozenset[str]] = {}
        for name in self._roster.names:
            group = self._roster.settings(name).user_group
            if group is not None:
                people = self._roster.people(name, now)
                slack = (self._phonebook.contacts[one].slack for one in people)
                found[group] = found.get(group, frozenset()) | {one for one in slack if one}
        return found

    async def _set(self, group: str, users: frozenset[str]) -> None:
        answer = await self._client.usergroups_users_list(usergroup=group)
        if frozenset(answer.get("users") or ()) != users:
            await self._client.usergroups_users_update(usergroup=group, users=sorted(users))
            log.info("user group changed", group=group)
