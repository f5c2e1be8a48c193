"""Actions of people in messages and views: press, choose, fill in, submit, close."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kwtsms_sandbox.slack import payloads
from kwtsms_sandbox.slack.envelopes import Interaction
from kwtsms_sandbox.slack.event_delivery import EventDelivery
from kwtsms_sandbox.slack.messages import Message
from kwtsms_sandbox.slack.models import Json, User
from kwtsms_sandbox.slack.user_actions import (
    NotPossible,
    action,
    fill_in,
    find_element,
    find_form_errors,
    set_value,
)
from kwtsms_sandbox.slack.view_state import filled, is_fillable, state_values
from kwtsms_sandbox.slack.views import View


class Interactions:
    """Actions of people; raises NotPossible for what is missing or what Slack's window forbids."""

    def __init__(self, delivery: EventDelivery) -> None:
        self._delivery, self._space = delivery, delivery.space

    async def press(
        self, who: User | str, where: Message | View, wanted: str, value: Any = None
    ) -> Interaction:
        """Presses a button, or chooses `value` from a menu, by action id, value or label."""
        user = self._space.directory.user(who)
        if isinstance(where, View):
            return await self._press_in_view(user, where, wanted, value)
        return await self._press_in_message(user, where, wanted, value)

    def enter(self, who: User | str, view: View, values: Mapping[str, Any]) -> View:
        """Fills in fields by block id, action id or label, without submitting."""
        user = self._space.directory.user(who)
        return self._space.modals.replace(fill_in(self._open_view(user, view), values))

    async def submit(
        self, who: User | str, view: View, values: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Fills in fields and submits the view."""
        user = self._space.directory.user(who)
        now = self.enter(user, view, values or {})
        if complaints := find_form_errors(now):
            self._space.modals.replace(replace(now, errors=complaints))
            raise NotPossible(f"Slack's window does not submit this: {complaints}")
        now = self._space.modals.replace(replace(now, errors={}, error_text=None))
        trigger = self._space.triggers.issue(user.id, view=now.id)
        return await self._delivery.interact(
            payloads.submission(user, now, trigger), accepts_response=True
        )

    async def suggest(self, who: User | str, view: View, wanted: str, typed: str) -> Interaction:
        """Types into an external select; the app's `ack` holds the options to choose from."""
        user = self._space.directory.user(who)
        now = self._open_view(user, view)
        block, element = find_element(now.blocks, wanted)
        if not element["type"].endswith("external_select"):
            raise NotPossible(f"{wanted!r} does not ask the app for its options")
        payload = payloads.suggestion(user, now, (block["block_id"], element["action_id"]), typed)
        return await self._delivery.interact(payload, accepts_response=True)

    async def close(
        self, who: User | str, view: View, *, cleared: bool = False
    ) -> Interaction | None:
        """Closes a modal (`cleared`: all of them); the app is notified if it asked for that."""
        user = self._space.directory.user(who)
        now = self._open_view(user, view)
        if cleared:
            self._space.modals.clear(user.id)
        else:
            self._space.modals.close(now)
        if not now.body.get("notify_on_close"):
            return None
        return await self._delivery.interact(payloads.closed(user, now, cleared=cleared))

    async def _press_in_message(
        self, user: User, message: Message, wanted: str, value: Any
    ) -> Interaction:
        now = self._space.timeline.find(message.channel, message.ts)
        channel = self._space.directory.channel(message.channel)
        if now is None or now not in self._space.visible(user, channel):
            raise NotPossible(f"{user.name} does not see this message (any more)")
        block, element = find_element(now.all_blocks, wanted)
        chosen = {element["action_id"]: filled(element, value)} if is_fillable(element) else {}
        fields = self._actions(block, element, value) | {
            "state": {"values": state_values(now.all_blocks, {block["block_id"]: chosen})},
            "trigger_id": self._space.triggers.issue(user.id),
            "response_url": self._delivery.response_url(user.id, channel.id, source=now.ts),
        }
        return await self._delivery.interact(payloads.message_actions(user, now, channel, fields))

    async def _press_in_view(self, user: User, view: View, wanted: str, value: Any) -> Interaction:
        now = self._open_view(user, view)
        block, element = find_element(now.blocks, wanted)
        if block["type"] == "input" and not block.get("dispatch_action"):
            raise NotPossible(f"{wanted!r} tells the app nothing before the form is submitted")
        if is_fillable(element):
            now = self._space.modals.replace(set_value(now, (block, element), value))
        trigger = self._space.triggers.issue(user.id, view=now.id)
        fields = self._actions(block, element, value) | {"trigger_id": trigger}
        return await self._delivery.interact(payloads.view_actions(user, now, fields))

    def _actions(self, block: Json, element: Json, value: Any) -> dict[str, Any]:
        return {"actions": [action(block, element, value, self._space.timeline.next_ts())]}

    def _open_view(self, user: User, view: View) -> View:
        now = self._space.modals.find(view.id)
        if now is None or now.user != user.id:
            raise NotPossible(f"{user.name} has no such view open")
        return now
