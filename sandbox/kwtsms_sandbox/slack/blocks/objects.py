"""Block Kit's composition objects: texts, options, confirm dialogs.

https://docs.slack.dev/reference/block-kit/composition-objects
"""

from kwtsms_sandbox.slack.blocks.rules import (
    Rule,
    anything,
    boolean,
    by_type,
    list_of,
    one_of,
    shape,
    string,
)

ID = string(255)
URL = string(3000, least=1)


def plain(most: int, *, least: int = 1) -> Rule:
    """Returns a rule for a text object in which nothing is interpreted."""
    fields = shape({"text": string(most, least=least)}, {"emoji": boolean})
    return by_type({"plain_text": fields})


def text(most: int) -> Rule:
    """Returns a rule for either kind of text object."""
    body = string(most, least=1)
    return by_type(
        {
            "plain_text": shape({"text": body}, {"emoji": boolean}),
            "mrkdwn": shape({"text": body}, {"verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def option(label: Rule) -> Rule:
    """Returns a rule for an option; checkboxes and radio buttons allow mark-up in its label."""
    return shape({"text": label, "value": string(150, least=1)}, {"description": text(75)})


OPTION = option(plain(75))
RICH_OPTION = option(text(75))
OVERFLOW_OPTION = shape(
    {"text": plain(75), "value": string(150, least=1)},
    {"description": plain(75), "url": URL},
)
OPTION_GROUP = shape({"label": plain(75), "options": list_of(OPTION, least=1, most=100)})
DISPATCH = shape(
    {
        "trigger_actions_on": list_of(
            one_of("on_enter_pressed", "on_character_entered"), least=1, most=2
        )
    }
)
FILTER = shape(
    {},
    {
        "include": list_of(one_of("im", "mpim", "private", "public"), least=1),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
SLACK_FILE = shape({}, {"url": string(), "id": string()})
WORKFLOW = shape({"trigger": anything})
