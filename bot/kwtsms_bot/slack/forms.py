"""The forms: to write a message, and to look at it before it goes. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kwtsms_bot.commands import sparing
from kwtsms_bot.commands.base import OPEN_FORM, Choice, Reply, Tone
from kwtsms_bot.commands.gathering import Wish
from kwtsms_bot.commands.recipients import Addressed, read_list
from kwtsms_bot.config import Phonebook
from kwtsms_bot.language import Language
from kwtsms_bot.slack import blocks

View = dict[str, Any]
SEND_FORM, PREVIEW_FORM = "send_form", "preview_form"
PLAINER = "form_plainer"
NUMBERS, CONTACTS, PEOPLE, TEXT = "numbers", "contacts", "people", "text"
MAX_OPTIONS = 100  # Of a menu: https://docs.slack.dev/reference/block-kit/block-elements
MAX_TEXT = 3000
MAX_PEOPLE = 20
MAX_FIELD_ERROR = 1000


@dataclass(frozen=True, slots=True)
class Begin:
    """What a form begins with."""

    channel: str = ""  # Where the card is to be shown; empty: to the author alone.
    numbers: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def send_form(begin: Begin, phonebook: Phonebook, say: Language) -> View:
    """Whom to, and what."""
    made = [
        _input(
            NUMBERS,
            say("Numbers or @names"),
            {
                "type": "plain_text_input",
                "multiline": True,
                "max_length": MAX_TEXT,
                "placeholder": blocks.plain(say.ltr("+965 9876 5432")),
                **_initial(begin.numbers),
            },
            hint=say("With commas or line breaks between them. 8-digit Kuwaiti numbers will do."),
            optional=True,
        )
    ]
    options = _options(phonebook)
    if options:
        menu = {"type": "multi_static_select", "options": options}
        made.append(_input(CONTACTS, say("Contacts and groups"), menu, optional=True))
    people = {"type": "multi_users_select", "max_selected_items": MAX_PEOPLE}
    hint = say("The number of their Slack profile is meant.")
    made.append(_input(PEOPLE, say("People in Slack"), people, hint=hint, optional=True))
    text = {
        "type": "plain_text_input",
        "multiline": True,
        "max_length": MAX_TEXT,
        **_initial(begin.text),
    }
    made.append(_input(TEXT, say("Text"), text))
    return {
        **blocks.modal(say("Send SMS"), made, say("Close")),
        "callback_id": SEND_FORM,
        "private_metadata": begin.channel,
        "submit": blocks.plain(say("Preview")),
    }


def preview_form(reply: Reply, token: str, say: Language, submit: str) -> View:
    """What would be sent, for its author to look at; the token is in nobody's hands but ours."""
    made = blocks.body(reply, say)
    for one in reply.choices:
        if one.deed == sparing.PLAINER:
            made.append(blocks.actions(blocks.button(PLAINER, one.label, token)))
    return {
        **blocks.modal(say("Is this right?"), made, say("Back")),
        "callback_id": PREVIEW_FORM,
        "private_metadata": token,
        "submit": blocks.plain(submit),
    }


def told(reply: Reply, say: Language) -> View:
    """An answer, where there is no channel to give it in."""
    plain = Reply(
        reply.tone, reply.title, reply.details, reply.facts, reply.examples, pieces=reply.pieces
    )
    return blocks.modal(say("Send SMS"), blocks.reply(plain, say)["blocks"], say("Close"))


def sentence(text: str, say: Language) -> View:
    """One sentence."""
    return blocks.modal(say("Send SMS"), [blocks.section(blocks.escape(text))], say("Close"))


def not_opened(say: Language) -> Reply:
    """The answer where Slack did not open a form."""
    details = (say("Press the button; if it stays so, tell whoever runs the bot."),)
    again = Choice(OPEN_FORM, say("Open the form"), "again", "primary")
    title = say("Slack did not open the form.")
    return Reply(Tone.WARNING, title, details, choices=(again,))


def waiting(external_id: str, say: Language) -> View:
    """What is shown while the answer takes longer than Slack waits."""
    made = [blocks.section(say("One moment: this takes a little longer."))]
    return {**blocks.modal(say("Send SMS"), made, say("Close")), "external_id": external_id}


def wish(view: Mapping[str, Any], default_country: str) -> Wish:
    """What somebody filled in."""
    values = view.get("state", {}).get("values", {})
    typed = str(_value(values, NUMBERS, "value") or "")
    chosen = _value(values, CONTACTS, "selected_options") or ()
    names = [str(one.get("value", "")) for one in chosen]
    line = read_list(typed, default_country=default_country)
    named = tuple(dict.fromkeys((*line.names, *names)))
    users = _value(values, PEOPLE, "selected_users") or ()
    return Wish(
        line=Addressed(line.recipients, line.mistakes, "", named, line.duplicates),
        text=str(_value(values, TEXT, "value") or ""),
        users=tuple(str(one) for one in users)[:MAX_PEOPLE],
    )


def field_error(block: str, reply: Reply) -> dict[str, Any]:
    """The answer to a form that keeps it open, with a sentence at the field that is wrong."""
    sentence = " ".join((reply.title, *reply.details))
    return {
        "response_action": "errors",
        "errors": {block: blocks.cut(sentence, MAX_FIELD_ERROR)},
    }


def _value(values: Mapping[str, Any], name: str, key: str) -> Any:
    return values.get(name, {}).get(name, {}).get(key)


def _options(phonebook: Phonebook) -> list[dict[str, Any]]:
    names = (*phonebook.groups, *phonebook.contacts)
    return [{"text": blocks.plain(f"@{name}"), "value": name} for name in names[:MAX_OPTIONS]]


def _input(
    name: str,
    label: str,
    element: dict[str, Any],
    *,
    hint: str = "",
    optional: bool = False,
) -> View:
    made: View = {
        "type": "input",
        "block_id": name,
        "label": blocks.plain(label),
        "element": {**element, "action_id": name},
        "optional": optional,
    }
    return {**made, "hint": blocks.plain(hint)} if hint else made


def _initial(text: str) -> dict[str, str]:
    return {"initial_value": text[:MAX_TEXT]} if text else {}
