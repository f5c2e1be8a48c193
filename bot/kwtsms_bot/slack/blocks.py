"""Answers, cards and warnings as Block Kit. Pure: dicts in the order in which people read them.

What a person typed goes into rich_text, which Slack does not interpret, or is escaped; so no text
becomes a mention, a link or a heading. `verbatim` keeps Slack from linking numbers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kwtsms_bot.commands.base import ChannelId, Choice, Piece, Reply, Tone
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import ENGLISH, Language

Block = dict[str, Any]
Payload = dict[str, Any]  # `text` (notification, screen reader) and `blocks`.

MAX_SECTION = 3000
MAX_HEADING = 150
MAX_MODAL_TITLE = 24
MAX_TITLE = 2900  # A section less the icon and the emphasis around the title.
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


def reply(answer: Reply, say: Language = ENGLISH) -> Payload:
    """An answer for the person who asked."""
    made = [section(f"{ICONS[answer.tone]} *{_bold(answer.title)}*"), *body(answer, say)]
    if answer.choices:
        made.append(actions(*(choice(one, say) for one in answer.choices)))
    told = [answer.title, *answer.details, *(_line(one, say) for one in answer.facts)]
    return {"text": escape("\n".join(told))[:MAX_SECTION], "blocks": made}


def body(answer: Reply, say: Language) -> list[Block]:
    """An answer without its title and buttons."""
    made = []
    if answer.pieces:
        made.append(quote(answer.pieces))
    if answer.details:
        made.append(section(escape("\n".join(answer.details))))
    if answer.facts:
        made.append(facts(answer.facts, say))
    if answer.examples:
        if not answer.pieces and all(one.startswith("/") for one in answer.examples):
            made.append(context(say("Type for example")))
            made.append(preformatted("\n".join(answer.examples)))
        else:
            made += [preformatted(one) for one in answer.examples]
    return made


def choice(one: Choice, say: Language) -> Block:
    """A button as a command words it."""
    return button(
        one.deed, one.label, one.value, confirm=one.question, style=one.style, back=say("Back")
    )


def section(mrkdwn: str) -> Block:
    """A paragraph; `mrkdwn` is ours or escaped."""
    text = {"type": "mrkdwn", "text": cut(mrkdwn, MAX_SECTION), "verbatim": True}
    return {"type": "section", "text": text}


def heading(text: str) -> Block:
    """Large text."""
    return {"type": "header", "text": plain(cut(text, MAX_HEADING))}


def context(*mrkdwn: str) -> Block:
    """Small grey text."""
    elements = [
        {"type": "mrkdwn", "text": cut(part, MAX_SECTION), "verbatim": True} for part in mrkdwn
    ]
    return {"type": "context", "elements": elements}


def facts(pairs: tuple[tuple[str, str], ...], say: Language = ENGLISH) -> Block:
    """Names and values, a line each; values are not interpreted."""
    elements: list[Block] = []
    for name, value in pairs:
        end = "" if (name, value) == pairs[-1] else "\n"
        label = f"{say.inline(name)}: "
        elements.append({"type": "text", "text": label, "style": {"bold": True}})
        if isinstance(value, ChannelId):
            elements.append({"type": "channel", "channel_id": str(value)})
            elements.append({"type": "text", "text": end or " "})
            continue
        shown = say.inline(value) + end
        elements.append({"type": "text", "text": shown} if shown else _blank())
    return _rich({"type": "rich_text_section", "elements": elements})


def quote(pieces: Sequence[Piece]) -> Block:
    """What a person wrote, as the phone will show it; what it will not show is struck through."""
    elements: list[Block] = []
    for piece in pieces:
        shown: Block = {"type": "text", "text": piece.text or " "}
        if piece.removed:
            shown["style"] = {"strike": True}
        elements.append(shown)
    return _rich({"type": "rich_text_quote", "elements": elements or [_blank()]})


def preformatted(text: str) -> Block:
    """Lines to copy."""
    return _rich({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]})


def button(
    action: str,
    label: str,
    value: str,
    *,
    confirm: str = "",
    style: str = "",
    back: str = "Back",
) -> Block:
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
            "deny": {"type": "plain_text", "text": back},
        }
    return made


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def modal(title: str, content: list[Block], close: str = "Close") -> Block:
    """A form without fields, or the frame of one with fields."""
    return {
        "type": "modal",
        "title": plain(cut(title, MAX_MODAL_TITLE)),
        "close": plain(cut(close, MAX_MODAL_TITLE)),
        "blocks": content,
    }


def plain(text: str) -> Block:
    """Text that is not interpreted."""
    return {"type": "plain_text", "text": text, "emoji": False}


def clock(at: datetime, say: Language = ENGLISH) -> str:
    """A time in the reader's own zone; Kuwait's where Slack cannot."""
    fallback = say("{time} (Kuwait)", time=at.astimezone(ZONE).strftime("%H:%M:%S"))
    return say.auto(f"<!date^{int(at.timestamp())}^{{time_secs}}|{fallback}>")


def moment(at: datetime, say: Language = ENGLISH) -> str:
    """A day and a time, in the same way."""
    fallback = say("{time} (Kuwait)", time=at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M"))
    return say.auto(f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, and a sign that something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _line(fact: tuple[str, str], say: Language) -> str:
    name, value = fact
    return f"{say.inline(name)}: {say.inline(value)}"


def _bold(title: str) -> str:
    """A title between asterisks: an asterisk or a line break inside would end the emphasis."""
    return cut(escape(title.replace("*", "∗").replace("\n", " ")), MAX_TITLE)


def _blank() -> Block:
    return {"type": "text", "text": " "}


def _rich(element: Block) -> Block:
    return {"type": "rich_text", "elements": [element]}
