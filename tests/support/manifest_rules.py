"""Slack's published rules for a manifest; violations are named by path.

https://github.com/slackapi/manifest-schema, schemas/manifest.schema.1.0.0.json: for each part of
our manifest, all of its keys.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Rule = Callable[[Any, str], Iterator[str]]

WEB = r"https?://"
TYPES = frozenset(
    {
        "integer",
        "number",
        "boolean",
        "string",
        "object",
        "array",
        "slack#/types/user_id",
        "slack#/types/channel_id",
        "slack#/types/usergroup_id",
        "slack#/types/timestamp",
        "slack#/types/date",
        "slack#/types/rich_text",
    }
)


def text(most: int = 100_000, least: int = 1, begins: str = "") -> Rule:
    """A rule for a text of this length."""

    def faults(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, str) or not least <= len(value) <= most:
            yield f"{path}: not a text of {least} to {most} characters"
        elif not re.match(begins, value):
            yield f"{path}: does not begin as {begins}"

    return faults


def one_of(*values: Any) -> Rule:
    """A rule for one of these values; 1 does not count as true."""

    def faults(value: Any, path: str) -> Iterator[str]:
        if not any(value is one or (value == one and isinstance(one, str)) for one in values):
            yield f"{path}: not one of {values}"

    return faults


def integer(value: Any, path: str) -> Iterator[str]:
    """A rule for a whole number."""
    if type(value) is not int:
        yield f"{path}: not a whole number"


def list_of(rule: Rule, most: int, least: int = 0) -> Rule:
    """A rule for a list of this length without repeated items."""

    def faults(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            yield f"{path}: not a list of {least} to {most}"
            return
        if len({str(one) for one in value}) < len(value):
            yield f"{path}: something is in it twice"
        for number, one in enumerate(value):
            yield from rule(one, f"{path}.{number}")

    return faults


def object_of(needed: str = "", *, others: bool = False, **rules: Rule) -> Rule:
    """A rule for an object with these keys; with `others`, any more are allowed."""

    def faults(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: not an object"
            return
        yield from (f"{path}.{key}: missing" for key in needed.split() if key not in value)
        for key, one in value.items():
            if key in rules:
                yield from rules[key](one, f"{path}.{key}")
            elif not others:
                yield f"{path}.{key}: not known"

    return faults


def mapping_of(rule: Rule, most: int = 50) -> Rule:
    """A rule for an object with arbitrary keys."""

    def faults(value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict) or len(value) > most:
            yield f"{path}: not an object with at most {most}"
            return
        for key, one in value.items():
            yield from rule(one, f"{path}.{key}")

    return faults


FLAG = one_of(True, False)
SHORTCUT = object_of(
    "name type callback_id description",
    name=text(24),
    type=one_of("message", "global"),
    callback_id=text(255),
    description=text(150),
)
COMMAND = object_of(
    "command description",
    command=text(32, least=2, begins="/"),
    url=text(3000, begins=WEB),
    description=text(2000),
    usage_hint=text(1000),
    should_escape=FLAG,
)
FEATURES = object_of(
    app_home=object_of(
        home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG
    ),
    bot_user=object_of("display_name", display_name=text(80), always_online=FLAG),
    shortcuts=list_of(SHORTCUT, 10, least=1),
    slash_commands=list_of(COMMAND, 50, least=1),
)
SCOPES = list_of(text(50), 255)
OAUTH = object_of(
    redirect_urls=list_of(text(2500), 1000),
    scopes=object_of(bot=SCOPES, user=SCOPES, bot_optional=SCOPES, user_optional=SCOPES),
    token_management_enabled=FLAG,
    pkce_enabled=FLAG,
)
EVENTS = list_of(text(50), 100)
SETTINGS = object_of(
    interactivity=object_of(
        "is_enabled",
        is_enabled=FLAG,
        request_url=text(3500, begins=WEB),
        message_menu_options_url=text(3500, begins=WEB),
    ),
    event_subscriptions=object_of(
        request_url=text(3500, begins=WEB), user_events=EVENTS, bot_events=EVENTS
    ),
    org_deploy_enabled=FLAG,
    socket_mode_enabled=FLAG,
    token_rotation_enabled=FLAG,
    function_runtime=text(),
)
PARAMETERS = mapping_of(
    object_of(
        "type",
        others=True,
        type=one_of(*TYPES),
        title=text(),
        description=text(),
        is_required=FLAG,
        is_hidden=FLAG,
        hint=text(),
    )
)
FUNCTION = object_of(
    "title description input_parameters output_parameters",
    title=text(),
    description=text(),
    input_parameters=PARAMETERS,
    output_parameters=PARAMETERS,
)
MANIFEST = object_of(
    "display_information",
    _metadata=object_of(
        schema_version=integer, min_version=integer, major_version=integer, minor_version=integer
    ),
    display_information=object_of(
        "name",
        name=text(35),
        description=text(140),
        background_color=text(7, least=4, begins="#[0-9a-fA-F]{3}"),
        long_description=text(4000, least=175),
    ),
    features=FEATURES,
    oauth_config=OAUTH,
    settings=SETTINGS,
    functions=mapping_of(FUNCTION),
)


def violations(manifest: Any) -> list[str]:
    """The violations for which Slack would refuse a manifest."""
    return [*MANIFEST(manifest, "manifest")]
