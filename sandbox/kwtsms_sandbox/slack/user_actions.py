"""Finds and fills in elements for a person, and checks what Slack's own window forbids. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.view_state import elements_of, filled, is_empty, is_fillable
from kwtsms_sandbox.slack.views import View


class NotPossible(LookupError):
    """Action that is impossible: the element is not visible, or Slack's window forbids it."""


def find_element(blocks: Iterable[Json], wanted: str) -> tuple[Json, Json]:
    """Returns the block and element with this action id, value or label."""
    elements = list(elements_of(blocks))
    for block, element in elements:
        if wanted in (element["action_id"], element.get("value"), label(element)):
            return block, element
    names = ", ".join(label(element) or element["action_id"] for _, element in elements)
    raise NotPossible(f"there is no {wanted!r} to press here; there is: {names or 'nothing'}")


def label(element: Json) -> str:
    """Returns the label of a button or the placeholder of a menu."""
    words = element.get("text") or element.get("placeholder") or {}
    return str(words.get("text", ""))


def action(block: Json, element: Json, value: Any, at: str) -> dict[str, Any]:
    """Returns the entry in `actions` after this element was used."""
    used: dict[str, Any] = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "action_ts": at,
    }
    if element["type"] == "overflow":
        used["selected_option"] = _overflow(element, value)
    elif is_fillable(element):
        used |= filled(element, value)
    else:
        used |= {
            name: element[name] for name in ("text", "value", "style", "url") if name in element
        }
    return used


def _overflow(element: Json, value: Any) -> Json:
    for option in element["options"]:
        if value in (option["value"], option["text"]["text"]):
            return dict(option)
    raise NotPossible(f"the menu offers no {value!r}")


def fill_in(view: View, values: Mapping[str, Any]) -> View:
    """Returns the view with these values typed in, by block id, action id or label."""
    for name, value in values.items():
        view = set_value(view, _field(view, name), value)
    return view


def set_value(view: View, field: tuple[Json, Json], value: Any) -> View:
    """Returns the view with this value in one field, given as its block and element."""
    block, element = field
    block_id, state = block["block_id"], {element["action_id"]: filled(element, value)}
    typed = {**view.entered.get(block_id, {}), **state}
    return replace(view, entered={**view.entered, block_id: typed})


def _field(view: View, name: str) -> tuple[Json, Json]:
    for block, element in elements_of(view.blocks):
        written = block.get("label", {}).get("text")
        if is_fillable(element) and name in (block["block_id"], element["action_id"], written):
            return block, element
    raise NotPossible(f"the form has no field {name!r}")


def find_form_errors(view: View) -> dict[str, str]:
    """Returns the errors that Slack's own window shows before it submits, by block id."""
    complaints: dict[str, str] = {}
    for block in view.blocks:
        if block["type"] == "input":
            state = view.values[block["block_id"]][block["element"]["action_id"]]
            complaint = _complaint(block, state)
            if complaint:
                complaints[block["block_id"]] = complaint
    return complaints


def _complaint(block: Json, state: Json) -> str | None:
    element, value = block["element"], state.get("value")
    if is_empty(state):
        return None if block.get("optional") else "Please complete this required field."
    if not isinstance(value, str):
        return None
    most = element.get("max_length", 3000 if element["type"] == "plain_text_input" else None)
    if most and len(value) > most:
        return f"Please use no more than {most} characters."
    if len(value) < element.get("min_length", 0):
        return f"Please use at least {element['min_length']} characters."
    return _number_complaint(element, value) if element["type"] == "number_input" else None


def _number_complaint(element: Json, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "Please enter a number."
    if not element["is_decimal_allowed"] and not number.is_integer():
        return "Please enter a whole number."
    if number < float(element.get("min_value", "-inf")):
        return f"Please enter {element['min_value']} or more."
    if number > float(element.get("max_value", "inf")):
        return f"Please enter {element['max_value']} or less."
    return None
