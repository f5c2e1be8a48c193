"""Small blocks and views for the tests of the sandbox."""

from typing import Any

Block = dict[str, Any]


def plain_text(text: str) -> Block:
    """A text object without mark-up."""
    return {"type": "plain_text", "text": text}


def section(text: str) -> Block:
    """A paragraph with mark-up."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, **fields: Any) -> Block:
    """A button."""
    return {"type": "button", "text": plain_text(label), **fields}


def actions(*elements: Block, **fields: Any) -> Block:
    """A row of elements."""
    return {"type": "actions", "elements": list(elements), **fields}


def text_field(label: str, block_id: str, **fields: Any) -> Block:
    """A text input; the extra fields are those of its element."""
    element = {"type": "plain_text_input", "action_id": f"{block_id}_input", **fields}
    return {"type": "input", "block_id": block_id, "label": plain_text(label), "element": element}


def modal(*blocks: Block, **fields: Any) -> Block:
    """A form with a submit button."""
    return {
        "type": "modal",
        "title": plain_text("Send SMS"),
        "submit": plain_text("Send"),
        "close": plain_text("Cancel"),
        "callback_id": "send_form",
        "blocks": list(blocks),
        **fields,
    }


def home(*blocks: Block, **fields: Any) -> Block:
    """A Home view."""
    return {"type": "home", "blocks": list(blocks), **fields}
