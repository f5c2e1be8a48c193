"""Renders the modals for writing and previewing a message, and reads the submitted form. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kwtsms_bot.commands.action_ids import OPEN_FORM, SEND_PLAINER
from kwtsms_bot.commands.base import Button, Reply, Severity
from kwtsms_bot.commands.send.build_preview import SendRequest
from kwtsms_bot.commands.send.recipients import ParsedLine, parse_list
from kwtsms_bot.config import Phonebook
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.slack import blocks, ids

View = dict[str, Any]
SEND_TITLE = N_("Send SMS")
NUMBERS, CONTACTS, PEOPLE, TEXT = "numbers", "contacts", "people", "text"
# In a group of a menu: https://docs.slack.dev/reference/block-kit/block-elements
MAX_OPTIONS = 100
MAX_NAMES = 300  # In the menu: with the longest names, a view stays below Slack's 250 kB.
MAX_LABEL = 75
MAX_TEXT = 3000
MAX_PEOPLE = 20
MAX_FIELD_ERROR = 1000


@dataclass(frozen=True, slots=True)
class ModalDefaults:
    """Initial values of the send form."""

    channel: str = ""  # Of the card; empty: the card is for the author alone.
    numbers: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def send_form(defaults: ModalDefaults, phonebook: Phonebook, say: Language) -> View:
    """Returns the form for recipients and text."""
    made = [
        input_block(
            NUMBERS,
            say("Phone numbers or @names"),
            {
                "type": "plain_text_input",
                "multiline": True,
                "max_length": MAX_TEXT,
                "placeholder": blocks.plain_text(say.ltr("+965 9876 5432")),
                **_initial(defaults.numbers),
            },
            hint=say("Separate with commas or new lines. Kuwaiti numbers don't need +965."),
            optional=True,
        )
    ]
    names = (*phonebook.groups, *phonebook.contacts)
    if names:
        made.append(_contacts_input(names, say))
    people = {"type": "multi_users_select", "max_selected_items": MAX_PEOPLE}
    hint = say("We'll use the phone number in their Slack profile.")
    made.append(input_block(PEOPLE, say("People in Slack"), people, hint=hint, optional=True))
    text = {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": MAX_TEXT,
        **_initial(defaults.text),
    }
    made.append(input_block(TEXT, say("Text"), text))
    return {
        **blocks.modal(say(SEND_TITLE), made, say("Close")),
        "callback_id": ids.SEND_FORM,
        "private_metadata": defaults.channel,
        "submit": blocks.plain_text(say("Preview message")),
    }


def preview_form(reply: Reply, token: str, say: Language, submit: str) -> View:
    """Returns the preview of a draft; `token`, which confirms it, is never displayed."""
    made = blocks.body(reply, say)
    for one in reply.buttons:
        if one.action == SEND_PLAINER:
            made.append(blocks.actions(blocks.button(ids.FORM_PLAINER, one.label, token)))
    return {
        **blocks.modal(say("Review your message"), made, say("Go back")),
        "callback_id": ids.PREVIEW_FORM,
        "private_metadata": token,
        "submit": blocks.plain_text(submit),
    }


def reply_view(reply: Reply, say: Language, *, title: str = SEND_TITLE) -> View:
    """Returns a modal that shows a reply without its buttons."""
    without_buttons = Reply(
        reply.severity,
        reply.title,
        reply.details,
        reply.facts,
        reply.examples,
        text_spans=reply.text_spans,
    )
    return blocks.modal(say(title), blocks.reply(without_buttons, say)["blocks"], say("Close"))


def sentence_view(text: str, title: str, say: Language) -> View:
    """Returns a modal with one sentence."""
    return blocks.modal(title, [blocks.section(blocks.escape(text))], say("Close"))


def not_opened_reply(say: Language) -> Reply:
    """Returns the reply for a form that Slack did not open."""
    details = (say("Press the button to try again. If it keeps failing, tell the bot's admin."),)
    again = Button(OPEN_FORM, say("Open the form"), "again", "primary")
    title = say("Slack didn't open the form.")
    return Reply(Severity.WARNING, title, details, buttons=(again,))


def waiting_view(external_id: str, title: str, say: Language) -> View:
    """Returns the modal that is shown while the response takes longer than Slack waits."""
    made = [blocks.section(say("This is taking a little longer…"))]
    return {**blocks.modal(title, made, say("Close")), "external_id": external_id}


def send_request(view: Mapping[str, Any], default_country: str) -> SendRequest:
    """Returns the recipients and the text of a submitted form."""
    values = view.get("state", {}).get("values", {})
    typed = str(value_of(values, NUMBERS, "value") or "")
    selected = value_of(values, CONTACTS, "selected_options") or ()
    names = [str(one.get("value", "")) for one in selected]
    line = parse_list(typed, default_country=default_country)
    named = tuple(dict.fromkeys((*line.names, *names)))
    users = value_of(values, PEOPLE, "selected_users") or ()
    return SendRequest(
        line=ParsedLine(line.recipients, line.invalid, "", named, line.duplicates),
        text=str(value_of(values, TEXT, "value") or ""),
        users=tuple(str(one) for one in users)[:MAX_PEOPLE],
    )


def field_error(block: str, reply: Reply) -> dict[str, Any]:
    """Returns the response that keeps the form open and shows an error at one field."""
    sentence = " ".join((reply.title, *reply.details))
    return {
        "response_action": "errors",
        "errors": {block: blocks.truncate(sentence, MAX_FIELD_ERROR)},
    }


def value_of(values: Mapping[str, Any], name: str, key: str) -> Any:
    """Returns what was entered in a field; None if nothing was."""
    return values.get(name, {}).get(name, {}).get(key)


def _contacts_input(names: Sequence[str], say: Language) -> View:
    """Returns the menu of the phone book's first names; a hint says that there are more."""
    listed = names[:MAX_NAMES]
    hint = ""
    if len(names) > MAX_NAMES:
        hint = say("The list shows {count} names. Type others as @names above.", count=MAX_NAMES)
    menu = {"type": "multi_static_select", **_choices(listed)}
    return input_block(CONTACTS, say("Contacts and groups"), menu, hint=hint, optional=True)


def _choices(names: Sequence[str]) -> dict[str, Any]:
    """Returns the options of a menu: in groups, named after their ends, if they are many."""
    if len(names) <= MAX_OPTIONS:
        return {"options": _options(names)}
    chunks = [names[start : start + MAX_OPTIONS] for start in range(0, len(names), MAX_OPTIONS)]
    return {"option_groups": [_option_group(chunk) for chunk in chunks]}


def _option_group(names: Sequence[str]) -> dict[str, Any]:
    label = blocks.truncate(f"@{names[0]} – @{names[-1]}", MAX_LABEL)
    return {"label": blocks.plain_text(label), "options": _options(names)}


def _options(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"text": blocks.plain_text(f"@{name}"), "value": name} for name in names]


def input_block(
    name: str,
    label: str,
    element: dict[str, Any],
    *,
    hint: str = "",
    optional: bool = False,
) -> View:
    """Returns a field of a form."""
    made: View = {
        "type": "input",
        "block_id": name,
        "label": blocks.plain_text(label),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return {**made, "hint": blocks.plain_text(hint)} if hint else made


def _initial(text: str) -> dict[str, str]:
    return {"initial_value": text[:MAX_TEXT]} if text else {}
