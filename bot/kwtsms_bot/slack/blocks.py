"""Answers, cards and warnings as Block Kit. Pure: dicts in the order in which people read them.

What a person typed goes into rich_text, which Slack does not interpret, or is escaped; so no text
becomes a mention, a link or a heading. `verbatim` keeps Slack from linking numbers.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from kwtsms_bot.commands.base import Reply, Tone

Block = dict[str, Any]
Payload = dict[str, Any]  # `text` (notification, screen reader) and `blocks`.

MAX_SECTION = 3000
MAX_TITLE = 2900  # A section less the icon and the emphasis around the title.
KUWAIT = ZoneInfo("Asia/Kuwait")
ICONS = {
    Tone.GOOD: ":white_check_mark:",
    Tone.PLAIN: ":information_source:",
    Tone.WARNING: ":warning:",
    Tone.BAD: ":x:",
}


def escape(text: str) -> str:
    """Text that Slack shows as it stands.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def reply(answer: Reply) -> Payload:
    """An answer for the person who asked."""
    blocks = [section(f"{ICONS[answer.tone]} *{_bold(answer.title)}*")]
    if answer.details:
        blocks.append(section(escape("\n".join(answer.details))))
    if answer.facts:
        blocks.append(facts(answer.facts))
    if answer.examples:
        blocks += [context("Type for example"), preformatted("\n".join(answer.examples))]
    told = [answer.title, *answer.details, *(f"{name}: {value}" for name, value in answer.facts)]
    return {"text": escape("\n".join(told))[:MAX_SECTION], "blocks": blocks}


def section(mrkdwn: str) -> Block:
    """A paragraph; `mrkdwn` is ours or escaped."""
    text = {"type": "mrkdwn", "text": cut(mrkdwn, MAX_SECTION), "verbatim": True}
    return {"type": "section", "text": text}


def context(*mrkdwn: str) -> Block:
    """Small grey text."""
    elements = [
        {"type": "mrkdwn", "text": cut(part, MAX_SECTION), "verbatim": True} for part in mrkdwn
    ]
    return {"type": "context", "elements": elements}


def facts(pairs: tuple[tuple[str, str], ...]) -> Block:
    """Names and values, a line each; values are not interpreted."""
    elements: list[Block] = []
    for name, value in pairs:
        end = "" if (name, value) == pairs[-1] else "\n"
        elements.append({"type": "text", "text": f"{name}: ", "style": {"bold": True}})
        elements.append({"type": "text", "text": value + end} if value + end else _blank())
    return _rich({"type": "rich_text_section", "elements": elements})


def quote(text: str) -> Block:
    """What a person wrote, as the phone will show it."""
    return _rich({"type": "rich_text_quote", "elements": [{"type": "text", "text": text}]})


def preformatted(text: str) -> Block:
    """Lines to copy."""
    return _rich({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]})


def button(action: str, label: str, value: str, *, confirm: str = "", style: str = "") -> Block:
    """A button; with `confirm`, Slack asks once more before it tells us."""
    made: Block = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label},
        "value": value,
    }
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = {
            "title": {"type": "plain_text", "text": label},
            "text": {"type": "plain_text", "text": confirm},
            "confirm": {"type": "plain_text", "text": label},
            "deny": {"type": "plain_text", "text": "Back"},
        }
    return made


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def clock(at: datetime) -> str:
    """A time in the reader's own zone; Kuwait's where Slack cannot."""
    fallback = at.astimezone(KUWAIT).strftime("%H:%M:%S")
    return f"<!date^{int(at.timestamp())}^{{time_secs}}|{fallback} Kuwait>"


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and a sign that something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _bold(title: str) -> str:
    """A title between asterisks: an asterisk or a line break inside would end the emphasis."""
    return cut(escape(title.replace("*", "∗").replace("\n", " ")), MAX_TITLE)


def _blank() -> Block:
    return {"type": "text", "text": " "}


def _rich(element: Block) -> Block:
    return {"type": "rich_text", "elements": [element]}
