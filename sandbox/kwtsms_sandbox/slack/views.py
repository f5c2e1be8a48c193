"""Open modals and App Home of each person. Knows no transport."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from kwtsms_sandbox.slack.blocks import MAX_VIEW_BYTES, check_view
from kwtsms_sandbox.slack.errors import Refused, refused_for
from kwtsms_sandbox.slack.event_feed import Feed, Kind
from kwtsms_sandbox.slack.models import APP_ID, BOT_ID, Json, Team
from kwtsms_sandbox.slack.triggers import Trigger
from kwtsms_sandbox.slack.view_state import elements_of, identified, state_values

MAX_STACK = 3  # https://docs.slack.dev/reference/methods/views.push


@dataclass(frozen=True, slots=True)
class View:
    """Modal or Home view in its current state."""

    id: str
    user: str
    body: Json
    blocks: tuple[Json, ...]
    hash: str
    root: str
    previous: str | None = None
    entered: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    error_text: str | None = None

    @property
    def type(self) -> str:
        """The type: modal or home."""
        return str(self.body["type"])

    @property
    def title(self) -> str:
        """The title of a modal."""
        return str(self.body.get("title", {}).get("text", ""))

    @property
    def callback_id(self) -> str:
        """The app's name for the view."""
        return str(self.body.get("callback_id", ""))

    @property
    def values(self) -> dict[str, dict[str, Json]]:
        """The current value of every field."""
        return state_values(self.blocks, self.entered)

    def payload(self) -> dict[str, Any]:
        """Returns the view as Slack sends it to the app."""
        return {
            "id": self.id,
            "team_id": Team().id,
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **self.body,
            "blocks": list(self.blocks),
            "state": {"values": self.values},
            "hash": self.hash,
            "previous_view_id": self.previous,
            "root_view_id": self.root,
            "app_id": APP_ID,
            "app_installed_team_id": Team().id,
            "bot_id": BOT_ID,
        }


def _checked(body: Any) -> Json:
    problems = check_view(body)
    if problems:
        raise refused_for("invalid_arguments", problems)
    if len(str(body).encode()) > MAX_VIEW_BYTES:
        raise Refused("view_too_large")
    return dict(body)


def _modal(body: Any) -> Json:
    if isinstance(body, Mapping) and body.get("type") == "home":
        raise refused_for("invalid_arguments", ["must be a modal [json-pointer:/view/type]"])
    return _checked(body)


class Modals:
    """Modals of each user, up to three on top of each other, and one App Home."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._stacks: dict[str, tuple[View, ...]] = {}
        self._homes: dict[str, View] = {}

    def stack(self, user: str) -> tuple[View, ...]:
        """Returns the open modals of this user; the last is on top."""
        return self._stacks.get(user, ())

    def top(self, user: str) -> View | None:
        """Returns the modal that this user sees."""
        stack = self.stack(user)
        return stack[-1] if stack else None

    def home(self, user: str) -> View | None:
        """Returns this user's App Home, if the app ever published one."""
        return self._homes.get(user)

    def find(self, view_id: str) -> View | None:
        """Returns an open view by its id or external id."""
        views = [view for stack in self._stacks.values() for view in stack]
        views += self._homes.values()
        return next((v for v in views if view_id in (v.id, v.body.get("external_id"))), None)

    def open(self, trigger: Trigger, body: Any) -> View:
        """Opens a modal in place of all that were open."""
        view = self._new(trigger.user, _modal(body))
        return self._put(view, (view,))

    def push(self, trigger: Trigger, body: Any) -> View:
        """Adds a modal on top of the one the user just used."""
        if trigger.view is None:
            raise Refused("not_found")
        return self.push_for(trigger.user, body)

    def push_for(self, user: str, body: Any) -> View:
        """Adds a modal on top, as the answer to a submission."""
        stack = self.stack(user)
        if not stack:
            raise Refused("not_found")
        if len(stack) >= MAX_STACK:
            raise Refused("push_limit_reached")
        view = self._new(user, _modal(body), stack)
        return self._put(view, (*stack, view))

    def update(self, view_id: str, body: Any, *, expected_hash: str | None = None) -> View:
        """Replaces the content of an open view; typed values stay where the ids are the same."""
        before = self.find(view_id)
        if before is None:
            raise Refused("not_found")
        if expected_hash and expected_hash != before.hash:
            raise Refused("hash_conflict")
        checked = _checked(body)
        blocks = identified(checked.get("blocks", ()))
        after = replace(
            before,
            body=checked,
            blocks=blocks,
            hash=_hash(),
            entered=_kept(before.entered, blocks),
            errors={},
            error_text=None,
        )
        return self.replace(after)

    def replace(self, view: View) -> View:
        """Stores another state of the same view."""
        stack = tuple(view if v.id == view.id else v for v in self.stack(view.user))
        return self._put(view, stack) if view.type == "modal" else self._publish(view)

    def publish(self, user: str, body: Any, *, expected_hash: str | None = None) -> View:
        """Publishes the user's App Home."""
        if isinstance(body, Mapping) and body.get("type") != "home":
            raise refused_for(
                "invalid_arguments", ["must be a home view [json-pointer:/view/type]"]
            )
        before = self._homes.get(user)
        if expected_hash and before and expected_hash != before.hash:
            raise Refused("hash_conflict")
        view = self._new(user, _checked(body))
        return self._publish(
            view if before is None else replace(view, id=before.id, root=before.id)
        )

    def close(self, view: View) -> None:
        """Closes the view and shows the one below."""
        self._stacks[view.user] = tuple(v for v in self.stack(view.user) if v.id != view.id)
        self._feed.publish(Kind.VIEW_CLOSED, view)

    def clear(self, user: str) -> None:
        """Closes all modals of this user."""
        for view in reversed(self.stack(user)):
            self.close(view)

    def _new(self, user: str, body: Json, below: tuple[View, ...] = ()) -> View:
        external_id = body.get("external_id")
        if external_id and self.find(external_id):
            raise Refused("duplicate_external_id")
        view_id = "V" + secrets.token_hex(5).upper()
        root, previous = (below[0].id, below[-1].id) if below else (view_id, None)
        blocks = identified(body.get("blocks", ()))
        return View(view_id, user, body, blocks, _hash(), root, previous)

    def _put(self, view: View, stack: tuple[View, ...]) -> View:
        self._stacks[view.user] = stack
        self._feed.publish(Kind.VIEW_CHANGED, view)
        return view

    def _publish(self, view: View) -> View:
        self._homes[view.user] = view
        self._feed.publish(Kind.HOME_CHANGED, view)
        return view


def _hash() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"


def _kept(
    entered: Mapping[str, Mapping[str, Json]], blocks: tuple[Json, ...]
) -> dict[str, dict[str, Json]]:
    kept: dict[str, dict[str, Json]] = {}
    for block, element in elements_of(blocks):
        typed = entered.get(block["block_id"], {}).get(element["action_id"])
        if typed and typed["type"] == element["type"]:
            kept.setdefault(block["block_id"], {})[element["action_id"]] = typed
    return kept
