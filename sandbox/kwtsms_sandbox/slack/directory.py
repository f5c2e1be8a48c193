"""Looks up people and channels, and opens direct messages. Checks no permissions."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from kwtsms_sandbox.slack.models import BOT_USER_ID, Channel, ChannelKind, Team, User, UserGroup

Named = TypeVar("Named", User, Channel)


class Directory:
    """People, channels and groups of one workspace, changed only through its methods."""

    def __init__(
        self, users: Iterable[User], channels: Iterable[Channel], groups: Iterable[UserGroup] = ()
    ) -> None:
        self.team = Team()
        self.users = {user.id: user for user in users}
        self.channels = {channel.id: channel for channel in channels}
        self.groups = {group.id: group for group in groups}

    def find_user(self, ref: str) -> User | None:
        """Returns a user by id, by name or by @name."""
        return self.users.get(ref) or _named(self.users.values(), ref.removeprefix("@"))

    def find_channel(self, ref: str) -> Channel | None:
        """Returns a channel by id, by name or by #name."""
        return self.channels.get(ref) or _named(self.channels.values(), ref.removeprefix("#"))

    def find_group(self, handle: str) -> UserGroup | None:
        """Returns a user group by its handle."""
        return next((group for group in self.groups.values() if group.handle == handle), None)

    def user(self, ref: "User | str") -> User:
        """Returns the user; an unknown one is a LookupError that names it."""
        user = self.find_user(ref if isinstance(ref, str) else ref.id)
        if user is None:
            raise LookupError(f"nobody here is called {ref!r}")
        return user

    def channel(self, ref: "Channel | str") -> Channel:
        """Returns the channel in its current state; an unknown one is a LookupError."""
        channel = self.find_channel(ref if isinstance(ref, str) else ref.id)
        if channel is None:
            raise LookupError(f"there is no channel {ref!r}")
        return channel

    def dm(self, user_id: str) -> Channel:
        """Returns the direct message between this user and the bot, created on first use."""
        channel_id = "D" + user_id[1:]
        if channel_id not in self.channels:
            members = frozenset({user_id, BOT_USER_ID})
            self.channels[channel_id] = Channel(channel_id, "", members, ChannelKind.DM)
        return self.channels[channel_id]

    def put_user(self, user: User) -> None:
        """Adds or changes a user."""
        self.users[user.id] = user

    def put_channel(self, channel: Channel) -> None:
        """Adds or changes a channel."""
        self.channels[channel.id] = channel

    def put_group(self, group: UserGroup) -> None:
        """Adds or changes a user group."""
        self.groups[group.id] = group

    def archive(self, ref: Channel | str) -> None:
        """Archives a channel, as an administrator would."""
        self.put_channel(replace(self.channel(ref), is_archived=True))

    def remove(self, who: User | str, ref: Channel | str) -> None:
        """Removes a user, or the bot, from a channel."""
        user, channel = self.user(who), self.channel(ref)
        self.put_channel(replace(channel, members=channel.members - {user.id}))

    def invite(self, who: User | str, ref: Channel | str) -> None:
        """Adds a user, or the bot, to a channel."""
        user, channel = self.user(who), self.channel(ref)
        self.put_channel(replace(channel, members=channel.members | {user.id}))


def _named(items: Iterable[Named], name: str) -> Named | None:
    return next((one for one in items if one.name and one.name == name), None)
