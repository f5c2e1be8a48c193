"""A local Slack: the workspace, its Web API, its sockets, and the actions of its people.

A real Bolt app talks to it with nothing but `base_url` changed. It is strict where Slack is strict,
keeps all in memory, and listens on loopback only.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TypeVar

from aiohttp import ClientSession, web

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.http_server import Served, listen
from kwtsms_sandbox.slack.demo_workspace import demo_directory
from kwtsms_sandbox.slack.directory import Directory
from kwtsms_sandbox.slack.envelopes import Transport
from kwtsms_sandbox.slack.event_delivery import EventDelivery
from kwtsms_sandbox.slack.event_feed import Feed, WorkspaceEvent
from kwtsms_sandbox.slack.http_delivery import SignedHttp
from kwtsms_sandbox.slack.interactions import Interactions
from kwtsms_sandbox.slack.messages import Message
from kwtsms_sandbox.slack.models import Channel, User
from kwtsms_sandbox.slack.mrkdwn import Names
from kwtsms_sandbox.slack.plain_text import plain
from kwtsms_sandbox.slack.response_urls import ResponseUrls
from kwtsms_sandbox.slack.socket_mode import Sockets
from kwtsms_sandbox.slack.user_input import UserInput
from kwtsms_sandbox.slack.views import View
from kwtsms_sandbox.slack.web.api import ApiCallRecord, Tokens, WebApi
from kwtsms_sandbox.slack.web.faults import Fault
from kwtsms_sandbox.slack.web.methods import Method, TokenKind
from kwtsms_sandbox.slack.web.rate_limits import Buckets, Limits, Tier
from kwtsms_sandbox.slack.web.response_url_api import ResponseUrlApi, UploadApi
from kwtsms_sandbox.slack.workflow_steps import Step, StepState
from kwtsms_sandbox.slack.workspace import Manifest, Workspace

T = TypeVar("T")

BOT_TOKEN = "xoxb-sandbox-bot-token"  # noqa: S105  it opens this sandbox only
APP_TOKEN = "xapp-1-sandbox-app-token"  # noqa: S105  likewise
SIGNING_SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105  likewise


class SlackSandbox:
    """Workspace with one app in it."""

    def __init__(
        self,
        *,
        bot_token: str = BOT_TOKEN,
        app_token: str = APP_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        clock: Clock | None = None,
        directory: Directory | None = None,
        limits: Limits | None = None,
        manifest: Manifest | None = None,
    ) -> None:
        self.bot_token, self.app_token = bot_token, app_token
        self.signing_secret = signing_secret
        self.feed = Feed()
        self.clock = clock or Clock()
        self.directory = directory or demo_directory()
        space = Workspace(self.directory, self.clock, self.feed, manifest or Manifest())
        self.sockets = Sockets(self.feed)
        self.space = space
        self._response_urls = ResponseUrls(space.timeline, self.clock)
        self.delivery = EventDelivery(space, self._response_urls, self.sockets)
        self._expose_actions()
        self.web_api = WebApi(space, Tokens(bot_token, app_token), Buckets(limits or Limits()))
        link = Method(self.sockets.open, (), Tier.T1, frozenset({TokenKind.APP}))
        self.web_api.methods["apps.connections.open"] = link
        self._served: Served | None = None
        self._session: ClientSession | None = None

    def _expose_actions(self) -> None:
        """Makes what people do, and what Slack delivers, methods of this object."""
        user_input, interactions = UserInput(self.delivery), Interactions(self.delivery)
        self.say, self.command = user_input.say, user_input.command
        self.shortcut, self.open_home = user_input.shortcut, user_input.open_home
        self.run_step = user_input.run_step
        self.press, self.enter = interactions.press, interactions.enter
        self.submit, self.suggest = interactions.submit, interactions.suggest
        self.close = interactions.close
        self.deliver, self.redeliver = self.delivery.deliver, self.delivery.redeliver
        self.send_event, self.verify_url = self.delivery.send_event, self.delivery.verify_url
        self.interact, self.response_url = self.delivery.interact, self.delivery.response_url

    @property
    def ack_seconds(self) -> float:
        """The seconds in which the app must acknowledge."""
        return self.delivery.ack_seconds

    @ack_seconds.setter
    def ack_seconds(self, seconds: float) -> None:
        self.delivery.ack_seconds = seconds

    @property
    def transport(self) -> Transport:
        """The transport by which the app gets its envelopes."""
        return self.delivery.transport

    @transport.setter
    def transport(self, transport: Transport) -> None:
        self.delivery.transport = transport

    def app(self) -> web.Application:
        """Returns the HTTP application; set `url` when serving it (`start` does both)."""
        app = web.Application(client_max_size=16 * 2**20)
        response_url_api = ResponseUrlApi(self._response_urls, self.web_api)
        app.router.add_route("*", "/api/{method}", self.web_api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_post("/commands/{hook}", response_url_api.handle)
        app.router.add_post("/actions/{hook}", response_url_api.handle)
        app.router.add_post("/upload/{file}", UploadApi(self.space).handle)
        app.on_shutdown.append(self._close_connections)
        return app

    @property
    def url(self) -> str:
        """The address where this Slack is served."""
        return self.space.url

    @url.setter
    def url(self, url: str) -> None:
        self.space.url = url.rstrip("/")

    @property
    def api_url(self) -> str:
        """The `base_url` for the app's Slack client."""
        return f"{self.url}/api/"

    async def start(self, port: int = 0) -> None:
        """Serves this Slack on loopback."""
        self._served = await listen(self.app(), port=port)
        self.url = self._served.url

    async def stop(self) -> None:
        """Closes the port and all sockets."""
        if self._served:
            await self._served.stop()

    async def __aenter__(self) -> "SlackSandbox":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _close_connections(self, _: web.Application) -> None:
        await self.sockets.close()
        if self._session:
            await self._session.close()

    def deliver_to(self, url: str) -> SignedHttp:
        """Switches delivery to the app to signed HTTP requests at this address."""
        self._session = self._session or ClientSession(trust_env=False)
        transport = SignedHttp(url, self.signing_secret, self.clock, self._session)
        self.transport = transport
        return transport

    def deliver_by_socket(self) -> None:
        """Switches delivery to the app back to Socket Mode."""
        self.transport = self.sockets

    def visible(self, who: User | str, where: Channel | str) -> list[Message]:
        """Returns the messages that this user sees in this channel, oldest first."""
        return self.space.visible(self.directory.user(who), self.directory.channel(where))

    def dm(self, who: User | str) -> Channel:
        """Returns the direct message between this user and the bot."""
        return self.directory.dm(self.directory.user(who).id)

    def modal(self, who: User | str) -> View | None:
        """Returns the topmost modal of this user."""
        return self.space.modals.top(self.directory.user(who).id)

    def home(self, who: User | str) -> View | None:
        """Returns this user's App Home."""
        return self.space.modals.home(self.directory.user(who).id)

    def step(self, step_id: str) -> Step:
        """Returns a workflow step in its current state."""
        return self.space.steps[step_id]

    def now(self, message: Message) -> Message | None:
        """Returns the message in its current state; None once it was deleted."""
        return self.space.timeline.find(message.channel, message.ts)

    def plain(self, shown: Message | View) -> str:
        """Returns a message or view as plain lines, with names in place of ids."""
        return plain(shown, self._names())

    def _names(self) -> Names:
        people = {user.id: user.name for user in self.directory.users.values()}
        channels = {channel.id: channel.name for channel in self.directory.channels.values()}
        groups = {group.id: group.handle for group in self.directory.groups.values()}
        return {**people, **channels, **groups}

    def calls(self, method: str = "") -> list[ApiCallRecord]:
        """Returns the recorded Web API calls of one method, or of all."""
        return [call for call in self.web_api.calls if method in ("", call.method)]

    def fault(self, method: str, fault: Fault, *, times: float = 1) -> None:
        """Makes the next calls of this method fail ("*": any, "response_url": answers)."""
        self.web_api.faults.add(method, fault, times)

    def clear_faults(self) -> None:
        """Removes all planned faults."""
        self.web_api.faults.clear()

    def subscribe(self) -> AbstractContextManager[AsyncIterator[WorkspaceEvent]]:
        """Subscribes to the events from now on."""
        return self.feed.subscribe()

    async def until(
        self,
        condition: Callable[[], T | None],
        *,
        timeout: float = 20.0,  # noqa: ASYNC109  the error names what did not come
        what: str = "",
    ) -> T:
        """Waits until `condition()` is true, and returns its value."""
        return await self.feed.until(condition, timeout=timeout, what=what)

    async def wait_for_change(self, message: Message, *, within: float = 5.0) -> Message:
        """Waits until the message differs from the one given, and returns it."""

        def differs() -> Message | None:
            now = self.now(message)
            return now if now and now.revision > message.revision else None

        return await self.until(differs, timeout=within, what=f"a change of {message.ts}")

    async def wait_for_end(self, step: Step, *, within: float = 5.0) -> Step:
        """Waits until the app ended the workflow step, and returns it."""

        def has_ended() -> Step | None:
            now = self.step(step.id)
            return now if now.state is not StepState.RUNNING else None

        return await self.until(has_ended, timeout=within, what=f"the end of {step.callback_id}")
