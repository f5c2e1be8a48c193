"""Actions that people begin in Slack: commands, shortcuts, App Home, workflows."""

from kwtsms_sandbox.slack import payloads
from kwtsms_sandbox.slack.envelopes import Envelope, EnvelopeKind, Interaction
from kwtsms_sandbox.slack.escape_typed import escape_typed
from kwtsms_sandbox.slack.event_delivery import EventDelivery
from kwtsms_sandbox.slack.event_feed import Kind
from kwtsms_sandbox.slack.message_content import Content
from kwtsms_sandbox.slack.messages import Message, Via
from kwtsms_sandbox.slack.models import Channel, Json, User
from kwtsms_sandbox.slack.user_actions import NotPossible
from kwtsms_sandbox.slack.workflow_steps import Step


class UserInput:
    """Actions that people begin; a user or channel is given as an object, an id or a name."""

    def __init__(self, delivery: EventDelivery) -> None:
        self._delivery, self._space = delivery, delivery.space

    def say(self, who: User | str, where: Channel | str, text: str) -> Message:
        """Posts a message in a channel; the app is not notified."""
        user, channel = self._at(who, where)
        content = Content(escape_typed(text, self._space.directory))
        return self._space.timeline.post(channel.id, user.id, content, via=Via.PERSON)

    async def command(
        self, who: User | str, where: Channel | str, name: str, text: str = ""
    ) -> Interaction:
        """Types a slash command, such as "/sms" "balance"."""
        user, channel = self._at(who, where)
        self._space.feed.publish(Kind.TYPED, (user.id, channel.id, f"{name} {text}".strip()))
        escape = self._space.manifest.should_escape
        fields = {
            "command": name,
            "text": escape_typed(text.strip(), self._space.directory, should_escape=escape),
            "trigger_id": self._space.triggers.issue(user.id),
            "response_url": self._delivery.response_url(user.id, channel.id),
        }
        payload = payloads.command(user, channel, fields)
        return await self._delivery.deliver(
            Envelope(EnvelopeKind.COMMAND, payload, accepts_response=True)
        )

    async def shortcut(
        self, who: User | str, callback_id: str, message: Message | None = None
    ) -> Interaction:
        """Runs a global shortcut, or one from a message's menu."""
        user = self._space.directory.user(who)
        trigger = self._space.triggers.issue(user.id)
        if message is None:
            return await self._delivery.interact(
                payloads.global_shortcut(user, callback_id, trigger)
            )
        channel = self._space.directory.channel(message.channel)
        url = self._delivery.response_url(user.id, channel.id)
        fields = {"callback_id": callback_id, "trigger_id": trigger, "response_url": url}
        return await self._delivery.interact(
            payloads.message_shortcut(user, message, channel, fields)
        )

    async def open_home(self, who: User | str) -> Interaction:
        """Opens the app's Home tab."""
        user = self._space.directory.user(who)
        channel = self._space.directory.dm(user.id)
        home = self._space.modals.home(user.id)
        ts = self._space.timeline.next_ts()
        return await self._delivery.send_event(payloads.home_opened(user, channel, home, ts))

    async def run_step(self, callback_id: str, inputs: Json) -> tuple[Step, Interaction]:
        """Starts the app's workflow step; `step(id)` shows later how it ended."""
        step = self._space.steps.start(callback_id, inputs)
        return step, await self._delivery.send_event(
            payloads.function_executed(step, self._space.timeline.next_ts())
        )

    def _at(self, who: User | str, where: Channel | str) -> tuple[User, Channel]:
        user, channel = self._space.directory.user(who), self._space.directory.channel(where)
        if user.id not in channel.members:
            raise NotPossible(f"{user.name} is not in {channel.name or channel.id}")
        if channel.is_archived:
            raise NotPossible(f"{channel.name} is archived")
        return user, channel
