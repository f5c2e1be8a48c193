"""Block Kit's interactive elements, and the blocks that accept each of them.

https://docs.slack.dev/reference/block-kit/block-elements
"""

from collections.abc import Mapping

from kwtsms_sandbox.slack.blocks.objects import (
    CONFIRM,
    DISPATCH,
    FILTER,
    ID,
    OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    RICH_OPTION,
    SLACK_FILE,
    URL,
    WORKFLOW,
    plain,
)
from kwtsms_sandbox.slack.blocks.rules import (
    Rule,
    all_of,
    any_field,
    anything,
    boolean,
    integer,
    list_of,
    not_both,
    one_of,
    shape,
    string,
)

_PLACEHOLDER = plain(150)
_COMMON: Mapping[str, Rule] = {"action_id": ID, "focus_on_load": boolean}
_MENU: Mapping[str, Rule] = {**_COMMON, "placeholder": _PLACEHOLDER, "confirm": CONFIRM}
_WORDS: Mapping[str, Rule] = {
    **_COMMON,
    "placeholder": _PLACEHOLDER,
    "dispatch_action_config": DISPATCH,
}
_STYLE = one_of("primary", "danger")
_ACCESSIBILITY = string(75)
_MANY = integer(1)

BUTTON = shape(
    {"text": plain(75)},
    {
        "action_id": ID,
        "value": string(2000),
        "url": URL,
        "style": _STYLE,
        "confirm": CONFIRM,
        "accessibility_label": _ACCESSIBILITY,
    },
)
WORKFLOW_BUTTON = shape(
    {"text": plain(75), "workflow": WORKFLOW},
    {"action_id": ID, "style": _STYLE, "accessibility_label": _ACCESSIBILITY},
)
IMAGE = all_of(
    shape({"alt_text": string(2000)}, {"image_url": URL, "slack_file": SLACK_FILE}),
    any_field("image_url", "slack_file"),
    not_both("image_url", "slack_file"),
)
OVERFLOW = shape(
    {"options": list_of(OVERFLOW_OPTION, least=1, most=5)}, {"action_id": ID, "confirm": CONFIRM}
)


def _choices(initial: str, *, rule: Rule = OPTION) -> Rule:
    fields = {
        "options": list_of(rule, least=1, most=100),
        "option_groups": list_of(OPTION_GROUP, least=1, most=100),
        initial: rule if initial == "initial_option" else list_of(rule, least=1),
        "max_selected_items": _MANY,
    }
    if initial == "initial_option":
        del fields["max_selected_items"]
    return all_of(
        shape({}, {**_MENU, **fields}),
        any_field("options", "option_groups"),
        not_both("options", "option_groups"),
    )


def _boxes(initial: Mapping[str, Rule]) -> Rule:
    return shape(
        {"options": list_of(RICH_OPTION, least=1, most=10)},
        {**_COMMON, "confirm": CONFIRM, **initial},
    )


_URL_REPLY = {"response_url_enabled": boolean}
_CONVERSATION = {"filter": FILTER, "default_to_current_conversation": boolean}
_LOOKUP = {"min_query_length": integer(0)}

SELECTS: Mapping[str, Rule] = {
    "static_select": _choices("initial_option"),
    "external_select": shape({}, {**_MENU, **_LOOKUP, "initial_option": OPTION}),
    "users_select": shape({}, {**_MENU, "initial_user": string()}),
    "conversations_select": shape(
        {}, {**_MENU, **_CONVERSATION, **_URL_REPLY, "initial_conversation": string()}
    ),
    "channels_select": shape({}, {**_MENU, **_URL_REPLY, "initial_channel": string()}),
}
MULTI_SELECTS: Mapping[str, Rule] = {
    "multi_static_select": _choices("initial_options"),
    "multi_external_select": shape(
        {}, {**_MENU, **_LOOKUP, "initial_options": list_of(OPTION), "max_selected_items": _MANY}
    ),
    "multi_users_select": shape(
        {}, {**_MENU, "initial_users": list_of(string()), "max_selected_items": _MANY}
    ),
    "multi_conversations_select": shape(
        {},
        {
            **_MENU,
            **_CONVERSATION,
            "initial_conversations": list_of(string()),
            "max_selected_items": _MANY,
        },
    ),
    "multi_channels_select": shape(
        {}, {**_MENU, "initial_channels": list_of(string()), "max_selected_items": _MANY}
    ),
}
PICKERS: Mapping[str, Rule] = {
    "checkboxes": _boxes({"initial_options": list_of(RICH_OPTION, least=1, most=10)}),
    "radio_buttons": _boxes({"initial_option": RICH_OPTION}),
    "datepicker": shape({}, {**_MENU, "initial_date": string()}),
    "timepicker": shape({}, {**_MENU, "initial_time": string(), "timezone": string()}),
}
DATETIME: Mapping[str, Rule] = {
    "datetimepicker": shape({}, {**_COMMON, "confirm": CONFIRM, "initial_date_time": integer()}),
}
WORDS: Mapping[str, Rule] = {
    "plain_text_input": shape(
        {},
        {
            **_WORDS,
            "initial_value": string(3000),
            "multiline": boolean,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
    "email_text_input": shape({}, {**_WORDS, "initial_value": string()}),
    "url_text_input": shape({}, {**_WORDS, "initial_value": string()}),
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        {**_WORDS, "initial_value": string(), "min_value": string(), "max_value": string()},
    ),
    "rich_text_input": shape(
        {},
        {
            **_WORDS,
            "initial_value": anything,
            "min_lines": integer(1, 100),
            "max_lines": integer(1, 100),
        },
    ),
    "file_input": shape(
        {}, {"action_id": ID, "filetypes": list_of(string()), "max_files": integer(1, 10)}
    ),
}

IN_SECTION: Mapping[str, Rule] = {
    "button": BUTTON,
    "workflow_button": WORKFLOW_BUTTON,
    "image": IMAGE,
    "overflow": OVERFLOW,
    **SELECTS,
    **MULTI_SELECTS,
    **PICKERS,
}
IN_ACTIONS: Mapping[str, Rule] = {
    "button": BUTTON,
    "workflow_button": WORKFLOW_BUTTON,
    "overflow": OVERFLOW,
    **SELECTS,
    **PICKERS,
    **DATETIME,
}
IN_INPUT: Mapping[str, Rule] = {**SELECTS, **MULTI_SELECTS, **PICKERS, **DATETIME, **WORDS}
