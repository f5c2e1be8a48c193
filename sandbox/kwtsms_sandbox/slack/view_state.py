"""State of form fields: initial, filled in, and in the app's payload. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kwtsms_sandbox.slack.models import Json

_KEYS = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
"""Field in which each type of element reports its value."""


def is_fillable(element: Json) -> bool:
    """Whether the element can be filled in (a button cannot)."""
    return element.get("type") in _KEYS


def elements_of(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Yields every interactive element with its block."""
    for block in blocks:
        inside = [block.get("element"), block.get("accessory")]
        if block["type"] in ("actions", "card"):
            inside += [*block.get("elements", ()), *block.get("actions", ())]
        for element in inside:
            if element and "action_id" in element:
                yield block, element


def identified(blocks: Iterable[Json], *, prefix: str = "/blocks") -> tuple[Json, ...]:
    """Returns the blocks with the ids that Slack adds where they are missing."""
    return tuple(_with_ids(block, f"{prefix}/{index}") for index, block in enumerate(blocks))


def _with_ids(block: Json, block_id: str) -> Json:
    copy = {"block_id": block_id, **block}
    for name in ("element", "accessory"):
        if name in copy and copy[name].get("type") != "image":
            copy[name] = {"action_id": f"{block_id}-{name}", **copy[name]}
    for name in ("elements", "actions"):
        if copy["type"] in ("actions", "card") and name in copy:
            copy[name] = [
                {"action_id": f"{block_id}-{index}", **element}
                for index, element in enumerate(copy[name])
            ]
    return copy


def initial(element: Json) -> Json:
    """Returns the state of an untouched element."""
    key = _KEYS[element["type"]]
    start = element.get(key.replace("selected", "initial")) if key != "value" else None
    if key in ("value", "rich_text_value"):
        start = element.get("initial_value")
    many = element["type"] in ("checkboxes", "file_input") or element["type"].startswith("multi_")
    return {"type": element["type"], key: start if start is not None or not many else []}


def filled(element: Json, value: Any) -> Json:
    """Returns the state of an element filled with a string, an option's value, or a list."""
    key = _KEYS[element["type"]]
    if key == "selected_option":
        value = None if value is None else _option(element, value)
    elif key == "selected_options":
        value = [_option(element, one) for one in value]
    elif key == "value" and value == "":
        value = None  # Slack reports an empty input as null.
    return {"type": element["type"], key: value}


def _option(element: Json, value: str) -> Json:
    options = [*element.get("options", ())]
    for group in element.get("option_groups", ()):
        options += group["options"]
    for option in options:
        if value in (option["value"], option["text"]["text"]):
            return {"text": option["text"], "value": option["value"]}
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": value, "emoji": True}, "value": value}
    raise LookupError(f"{element['action_id']} offers no {value!r}")


def is_empty(state: Json) -> bool:
    """Whether the element has no value."""
    return not any(value for key, value in state.items() if key != "type")


def state_values(
    blocks: Iterable[Json], entered: Mapping[str, Mapping[str, Json]]
) -> dict[str, dict[str, Json]]:
    """Returns `state.values`: the current value of every field, by block and action id."""
    values: dict[str, dict[str, Json]] = {}
    for block, element in elements_of(blocks):
        if is_fillable(element):
            block_id, action_id = block["block_id"], element["action_id"]
            typed = entered.get(block_id, {}).get(action_id)
            values.setdefault(block_id, {})[action_id] = typed or initial(element)
    return values
