"""Renders replies, cards and warnings as Block Kit. Pure.

Text that a person typed goes into rich_text, which Slack does not interpret, or is escaped; so it
cannot become a mention, a link or a heading. `verbatim` keeps Slack from linking numbers.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kwtsms_bot.commands.base import (
    Button,
    ChannelId,
    Reply,
    Severity,
    TextSpan,
    UserMention,
)
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.translator import ENGLISH, N_, Language

Block = dict[str, Any]
Payload = dict[str, Any]  # `text` (notification, screen reader) and `blocks`.

MAX_SECTION = 3000
MAX_MODAL_TITLE = 24
MAX_TITLE = 2900  # MAX_SECTION less the icon and the emphasis around the title.
MAX_FIELD = 2000
MAX_OPTION = 75  # Of an overflow menu.
# https://docs.slack.dev/messaging/formatting-message-text#date-formatting
DATE_FORMAT = N_("{date_short_pretty} at {time}")
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,40}")
# What Slack formats in a text with mark-up: emphasis, code, emoji names, quotes and lists.
_FORMATTING = re.compile(r"[*_~`]|:[\w+'-]+:|^\s*(?:[>•◦▪-]|\d+[.)])", re.MULTILINE)
ICONS = {
    Severity.GOOD: ":white_check_mark:",
    Severity.INFO: ":information_source:",
    Severity.WARNING: ":warning:",
    Severity.ERROR: ":x:",
}


def escape(text: str) -> str:
    """Escapes text so that Slack shows it literally.

    https://docs.slack.dev/messaging/formatting-message-text
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def reply(answer: Reply, say: Language = ENGLISH) -> Payload:
    """Returns the Slack message for a reply."""
    made = [section(f"{ICONS[answer.severity]} *{_bold_title(answer.title)}*"), *body(answer, say)]
    if answer.buttons:
        made.append(actions(*(reply_button(one, say) for one in answer.buttons)))
    lines = [answer.title, *answer.details, *(_fact_line(one, say) for one in answer.facts)]
    return {"text": escape("\n".join(lines))[:MAX_SECTION], "blocks": made}


def body(answer: Reply, say: Language) -> list[Block]:
    """Returns the blocks of a reply without its title and buttons."""
    made = []
    if answer.text_spans:
        made.append(quote(answer.text_spans))
    if answer.details:
        made.append(section(escape("\n".join(answer.details))))
    if answer.facts:
        made.append(facts(answer.facts, say))
    if answer.examples:
        if not answer.text_spans and all(one.startswith("/") for one in answer.examples):
            made.append(context(say("For example")))
            made.append(preformatted("\n".join(answer.examples)))
        else:
            made += [preformatted(one) for one in answer.examples]
    return made


def reply_button(item: Button, say: Language) -> Block:
    """Returns the block for a button of a reply."""
    return button(
        item.action,
        item.label,
        item.value,
        confirm=item.confirm_text,
        style=item.style,
        back=say("Go back"),
    )


def section(mrkdwn: str) -> Block:
    """A paragraph; text from people must be escaped in `mrkdwn`."""
    text = {"type": "mrkdwn", "text": truncate(mrkdwn, MAX_SECTION), "verbatim": True}
    return {"type": "section", "text": text}


def quoting_section(mrkdwn: str, quoted: str) -> Block:
    """A paragraph and, below it, a short text that a person typed, which is not interpreted.

    A section cannot hold rich text, so what Slack would format becomes a field of plain text.
    """
    if _FORMATTING.search(quoted):
        field = plain_text(truncate(quoted, MAX_FIELD))
        return {**section(mrkdwn), "fields": [field]}
    lines = (f"> {line}" for line in escape(quoted).splitlines())
    return section("\n".join((mrkdwn, *lines)))


def mention(user: str) -> str:
    """A mention of a user by id; anything else is shown literally."""
    return f"<@{user}>" if is_user_id(user) else escape(user)


def is_user_id(text: str) -> bool:
    """Whether the text has the form of a Slack user's id."""
    return _USER_ID.fullmatch(text) is not None


def context(*mrkdwn: str) -> Block:
    """Small grey text."""
    elements = [
        {"type": "mrkdwn", "text": truncate(part, MAX_SECTION), "verbatim": True} for part in mrkdwn
    ]
    return {"type": "context", "elements": elements}


def facts(pairs: tuple[tuple[str, str], ...], say: Language = ENGLISH) -> Block:
    """Names and values, a line each; values are not interpreted."""
    elements: list[Block] = []
    for name, value in pairs:
        end = "" if (name, value) == pairs[-1] else "\n"
        label = f"{say.paragraph_mark}{say.inline(name)}: "
        elements.append({"type": "text", "text": label, "style": {"bold": True}})
        if isinstance(value, ChannelId | UserMention):
            elements.append(_reference(value))
            elements.append({"type": "text", "text": end or " "})
            continue
        shown = say.inline(value) + end
        elements.append({"type": "text", "text": shown} if shown else _blank_text())
    return _rich_text_block({"type": "rich_text_section", "elements": elements})


def quote(spans: Sequence[TextSpan]) -> Block:
    """A quote of the SMS as the phone will show it; removed characters are struck through."""
    elements: list[Block] = []
    for span in spans:
        shown: Block = {"type": "text", "text": span.text or " "}
        if span.removed:
            shown["style"] = {"strike": True}
        elements.append(shown)
    return _rich_text_block({"type": "rich_text_quote", "elements": elements or [_blank_text()]})


def preformatted(text: str) -> Block:
    """Lines to copy."""
    return _rich_text_block(
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}
    )


def button(
    action: str,
    label: str,
    value: str,
    *,
    confirm: str = "",
    style: str = "",
    back: str = "Go back",
) -> Block:
    """A button; with `confirm`, Slack asks for confirmation before it sends the press."""
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


def overflow(action: str, options: Sequence[tuple[str, str]]) -> Block:
    """A menu behind three dots: each option has a label and a value."""
    return {
        "type": "overflow",
        "action_id": action,
        "options": [
            {"text": plain_text(truncate(label, MAX_OPTION)), "value": value}
            for label, value in options
        ],
    }


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def modal(title: str, content: list[Block], close: str = "Close") -> Block:
    """A modal without fields, or the frame of a form."""
    return {
        "type": "modal",
        "title": plain_text(truncate(title, MAX_MODAL_TITLE)),
        "close": plain_text(truncate(close, MAX_MODAL_TITLE)),
        "blocks": content,
    }


def plain_text(text: str) -> Block:
    """Text that is not interpreted."""
    return {"type": "plain_text", "text": text, "emoji": False}


def format_datetime(at: datetime, say: Language = ENGLISH) -> str:
    """A date and time in the reader's time zone; in Kuwait's where Slack cannot convert it."""
    fallback = say("{time} (Kuwait)", time=format_short_datetime(at, say))
    return say.auto(f"<!date^{int(at.timestamp())}^{say(DATE_FORMAT)}|{fallback}>")


def truncate(text: str, limit: int) -> str:
    """At most `limit` characters of the text, with an ellipsis if some are missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _fact_line(fact: tuple[str, str], say: Language) -> str:
    name, value = fact
    return f"{say.inline(name)}: {say.inline(value)}"


def _bold_title(title: str) -> str:
    """A title for use between asterisks: an asterisk or a line break in it would end the bold."""
    return truncate(escape(title.replace("*", "∗").replace("\n", " ")), MAX_TITLE)


def _reference(value: ChannelId | UserMention) -> Block:
    """Returns the element that Slack shows as the name of a channel or a user."""
    if isinstance(value, ChannelId):
        return {"type": "channel", "channel_id": str(value)}
    return {"type": "user", "user_id": value.user}


def _blank_text() -> Block:
    return {"type": "text", "text": " "}


def _rich_text_block(element: Block) -> Block:
    return {"type": "rich_text", "elements": [element]}
