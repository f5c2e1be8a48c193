"""State of both services as one user sees it, and the topics that an event changes.

Changes neither service. A topic names one thing that can change: ("message", channel, ts). It is
rendered from the current state, so a topic sent late, or twice, does no harm.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta

from kwtsms_sandbox.gateway import Entry, Event, Gateway
from kwtsms_sandbox.gateway import Kind as GatewayKind
from kwtsms_sandbox.gateway.codes import CODES
from kwtsms_sandbox.page import serializers
from kwtsms_sandbox.page.command_history import CommandHistory
from kwtsms_sandbox.page.serializers import Json
from kwtsms_sandbox.page.suggestions import FAULT_OPTIONS, FAULT_TEXTS, Guide, fault_label
from kwtsms_sandbox.slack import (
    BOT_USER_ID,
    Channel,
    Interaction,
    Kind,
    Message,
    SlackSandbox,
    User,
    WorkspaceEvent,
)

Topic = tuple[str, ...]

EVERYTHING: Topic = ("everything",)
MAX_MESSAGES = 200  # of each channel
MAX_SMS = 50  # on each phone
MAX_PHONES = 40
MAX_REQUESTS = 200
_OUTCOMES: Mapping[str, Mapping[str, str]] = {
    **{code: {"label": code, "about": known.description} for code, known in CODES.items()},
    **{
        str(fault): {"label": fault_label(fault), "about": text}
        for fault, text in FAULT_TEXTS.items()
    },
}


class ViewModel:
    """State of both services, as people see it through the page."""

    def __init__(self, gateway: Gateway, slack: SlackSandbox, guide: Guide) -> None:
        self.gateway = gateway
        self.slack = slack
        self.guide = guide
        self.history = CommandHistory()
        self._suggestions = {
            "commands": [asdict(hint) for hint in guide.commands],
            "shortcuts": [asdict(shortcut) for shortcut in guide.shortcuts],
            "bad_days": [asdict(option) for option in FAULT_OPTIONS],
            "steps": [asdict(step) for step in guide.steps],
            "alerts": [asdict(button) for button in guide.alerts],
            "speakers": dict(guide.speakers),
            "arabic": dict(guide.arabic),
            "outcomes": _OUTCOMES,
        }
        self._renderers: Mapping[str, Callable[..., Json]] = {
            "everything": self.everything,
            "message": self._one_message,
            "typed": self._one_line,
            "phone": lambda _, number: {"phone": self._phone(number)},
            "request": self._one_request,
            "views": self._views,
            "home": self._home,
            "account": lambda _: self._account(),
            "online": lambda _: self._online(),
            "steps": lambda _: self._steps(),
        }

    def people(self) -> list[User]:
        """Returns the users that a person can act as."""
        return [user for user in self.slack.directory.users.values() if not user.is_bot]

    def first_person(self) -> User:
        """Returns the user that a page begins with: the speaker of its language."""
        people, speaker = self.people(), self.guide.speakers.get(self.guide.language)
        return next((user for user in people if user.id == speaker), people[0])

    def channels(self, me: User) -> list[Channel]:
        """Returns the channels this user can write to, with the app's direct message last."""
        channels = self.slack.directory.channels.values()
        mine = [one for one in channels if one.name and me.id in one.members]
        return [*mine, self.slack.dm(me)]

    # Rendering

    def everything(self, me: User) -> Json:
        """Returns everything that this user sees."""
        return {
            "me": me.id,
            "app": self.slack.directory.user(BOT_USER_ID).real_name,
            "people": [
                serializers.person(user, self.guide.roles.get(user.id, ""))
                for user in self.slack.directory.users.values()
            ],
            "groups": {one.id: one.handle for one in self.slack.directory.groups.values()},
            "channels": [serializers.channel(one) for one in self.channels(me)],
            "messages": [self._message(one) for one in self._messages(me)],
            "typed": [serializers.line(one) for one in self.history.of(me.id)],
            "phones": [self._phone(number) for number in self._phones()],
            "requests": [self._request(number) for number in self._request_numbers()],
            "offers": self._suggestions,
            **self._views(me),
            **self._home(me),
            **self._account(),
            **self._online(),
            **self._steps(),
        }

    def render(self, topic: Topic, me: User) -> Json:
        """Returns one topic in its current state."""
        name, *which = topic
        return self._renderers[name](me, *which)

    # Topics of an event

    def slack_topics(self, event: WorkspaceEvent) -> Iterator[Topic]:
        """Yields the topics that an event in Slack changes, and updates the command history."""
        subject = event.subject
        match event.kind:
            case Kind.MESSAGE_POSTED | Kind.MESSAGE_CHANGED | Kind.MESSAGE_DELETED:
                yield ("message", subject.channel, subject.ts)
            case Kind.VIEW_CHANGED | Kind.VIEW_CLOSED:
                yield ("views",)
            case Kind.HOME_CHANGED:
                yield ("home",)
            case Kind.CONNECTED | Kind.DISCONNECTED:
                yield ("online",)
            case Kind.TYPED:
                line = self.history.add(self.slack.space.timeline.next_ts(), subject)
                yield ("typed", str(line.number))
                yield ("steps",)
            case Kind.ACKED:
                yield from self._acknowledged(subject)

    def gateway_topics(self, event: Event) -> Iterator[Topic]:
        """Yields the topics that an event at the gateway changes."""
        facts = event.facts
        match event.kind:
            case GatewayKind.REQUEST | GatewayKind.ANSWERED:
                yield ("request", str(facts["number"]))
                yield ("account",)
            case GatewayKind.RECEIVED:
                yield ("phone", facts["to"])
            case GatewayKind.STATE:
                yield from self._requests_about(facts["message_id"])
            case GatewayKind.BALANCE:
                yield ("account",)
            case GatewayKind.CHANGED:
                yield EVERYTHING if facts["what"] == "reset" else ("account",)

    def _acknowledged(self, interaction: Interaction) -> Iterator[Topic]:
        line = self.history.acknowledge(interaction)
        if line:
            yield ("typed", str(line.number))

    def _requests_about(self, message_id: str) -> Iterator[Topic]:
        for number in self._request_numbers():
            if self.gateway.request_log.requests[number].message_id == message_id:
                yield ("request", str(number))

    # Single items

    def _messages(self, me: User) -> Iterator[Message]:
        for channel in self.channels(me):
            yield from self.slack.visible(me, channel)[-MAX_MESSAGES:]

    def _one_message(self, me: User, channel: str, ts: str) -> Json:
        place = self.slack.directory.channel(channel)
        visible = self.slack.visible(me, place) if me.id in place.members else ()
        found = next((one for one in reversed(visible) if one.ts == ts), None)
        return {"message": self._message(found)} if found else {"gone": ts}

    def _one_line(self, me: User, number: str) -> Json:
        line = self.history.find(int(number))
        return {"line": serializers.line(line)} if line and line.user == me.id else {}

    def _one_request(self, _: User, number: str) -> Json:
        known = int(number) < len(self.gateway.request_log.requests)
        return {"request": self._request(int(number))} if known else {}

    def _message(self, message: Message) -> Json:
        return serializers.message(
            message, [self.slack.space.files[file] for file in message.files]
        )

    def _views(self, me: User) -> Json:
        return {"views": [serializers.view(view) for view in self.slack.space.modals.stack(me.id)]}

    def _home(self, me: User) -> Json:
        home = self.slack.home(me)
        return {"home": serializers.view(home) if home else None}

    def _online(self) -> Json:
        return {"online": bool(self.slack.sockets.connections)}

    def _steps(self) -> Json:
        """Returns the ids of the tour's steps whose line was sent, by anybody."""
        done = [
            step.step_id
            for step in self.guide.steps
            if any(self.guide.is_line_of(step, line) for line in self.history.texts)
        ]
        return {"done": done}

    def _account(self) -> Json:
        account = self.gateway.account
        waiting = [planned.code or planned.fault for planned in self.gateway.faults]
        credits_left = str(self.gateway.balance())
        shown = {"name": account.username, "credits": credits_left, "waiting": waiting}
        return {"account": shown}

    def _phones(self) -> list[str]:
        """Returns the numbers that received a message, the latest last; at most MAX_PHONES."""
        inboxes = self.gateway.inboxes()
        received = sorted((box[-1].at, number) for number, box in inboxes.items() if box)
        return [number for _, number in received[-MAX_PHONES:]]

    def _phone(self, number: str) -> Json:
        received = self.gateway.inbox(number)
        first = max(0, len(received) - MAX_SMS)
        return {
            "number": number,
            "first": first,
            "sms": [serializers.sms(one) for one in received[first:]],
        }

    def _request_numbers(self) -> range:
        count = len(self.gateway.request_log.requests)
        return range(max(0, count - MAX_REQUESTS), count)

    def _request(self, number: int) -> Json:
        logged = self.gateway.request_log.requests[number]
        clock = self.gateway.clock
        at = clock.now() - timedelta(seconds=clock.monotonic() - logged.at)
        return serializers.request(number, logged, at, self._entry(logged.message_id))

    def _entry(self, message_id: str | None) -> Entry | None:
        return self.gateway.records.entries.get(message_id) if message_id else None
