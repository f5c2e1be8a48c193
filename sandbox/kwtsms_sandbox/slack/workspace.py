"""The state of a workspace, in one place. Performs no network I/O."""

from dataclasses import dataclass, field

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.slack.directory import Directory
from kwtsms_sandbox.slack.event_feed import Feed
from kwtsms_sandbox.slack.files import Files
from kwtsms_sandbox.slack.messages import Message, Timeline
from kwtsms_sandbox.slack.models import BOT_USER_ID, Channel, ChannelKind, User
from kwtsms_sandbox.slack.triggers import Triggers
from kwtsms_sandbox.slack.views import Modals
from kwtsms_sandbox.slack.workflow_steps import Steps


@dataclass(frozen=True, slots=True)
class Manifest:
    """Settings of the app, as on its settings page."""

    should_escape: bool = True
    scopes: frozenset[str] | None = None  # None: every scope that a method may need.
    paid_plan: bool = True
    org_wide: bool = False  # Installed for a whole organization of Enterprise Grid.


@dataclass(slots=True)
class Workspace:
    """Directory, messages, views, triggers, files and steps of a workspace."""

    directory: Directory
    clock: Clock
    feed: Feed
    manifest: Manifest = field(default_factory=Manifest)
    timeline: Timeline = field(init=False)
    modals: Modals = field(init=False)
    triggers: Triggers = field(init=False)
    files: Files = field(init=False)
    steps: Steps = field(init=False)
    url: str = ""  # Where this Slack is served; known once it is.

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.feed, self.clock)
        self.modals = Modals(self.feed)
        self.triggers = Triggers(self.clock)
        self.files = Files()
        self.steps = Steps(self.feed)

    def visible(self, user: User, channel: Channel) -> list[Message]:
        """Returns the messages that this user sees in this channel, oldest first."""
        channel = self.directory.channel(channel)
        if not self.may_view(user, channel):
            return []
        return [
            message
            for message in self.timeline
            if message.channel == channel.id and message.ephemeral_to in (None, user.id)
        ]

    def may_view(self, user: User, channel: Channel) -> bool:
        """Whether the user sees the channel; guests and strangers see only those they are in."""
        outsider = user.is_restricted or user.is_stranger
        if channel.kind is ChannelKind.PUBLIC and not outsider:
            return True
        return user.id in channel.members

    def bot_is_in(self, channel: Channel) -> bool:
        """Whether the bot is a member of the channel."""
        return BOT_USER_ID in channel.members
