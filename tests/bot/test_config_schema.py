"""The JSON Schema for editors accepts the files that the bot accepts, and refuses the others."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from kwtsms_bot.config import ConfigurationProblems, json_schema, parse

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "config.yaml.example", *sorted((ROOT / "deploy").glob("*/config.yaml"))]
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "KWTSMS_USERNAME": "user",
    "KWTSMS_PASSWORD": "password",
    "NAME": "30",
}
GOOD = """\
slack: {bot_token: "${SLACK_BOT_TOKEN}", app_token: "${SLACK_APP_TOKEN}"}
kwtsms: {username: "${KWTSMS_USERNAME}", password: "${KWTSMS_PASSWORD}", sender_id: MY-APP}
"""
BRIDGE = (
    "integrations: {a: {kind: native, token: abcd1234}}, "
    "receivers: {r: {to: [], channel: C0123ABCD}}"
)
SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())


def complaints(text: str) -> list[str]:
    """The errors that an editor would show."""
    return [one.message for one in VALIDATOR.iter_errors(yaml.safe_load(text))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_of_ours_passes(file: Path) -> None:
    """Our files pass as they are, with their references and empty sections."""
    Draft202012Validator.check_schema(SCHEMA)

    assert complaints(file.read_text()) == []


@pytest.mark.parametrize(
    "more",
    [
        "outbox: {retention: 30d}",
        "outbox: {retention: P30D}",
        "outbox: {retention: 0d}",
        "outbox: {retention: 30}",
        "outbox: {retention: '${NAME}d'}",
        "outbox:",
        "outbox: {lease: }",
        "outbox: {database: 'mysql://localhost/x'}",
        "outbox: {database: 'sqlite://'}",
        "outbox: {lost: 1}",
        "http: {listen: '[::1]:8080'}",
        "http: {listen: 'localhost'}",
        "http: {listen: '::1:8080'}",
        "limits: {quiet_hours: '21:00-09:00'}",
        "limits: {quiet_hours: '21-09'}",
        "limits: {credits_per_day: 0}",
        "limits: {credits_per_day: '${NAME}'}",
        "limits: {credits_per_day: true}",
        "limits: {quiet_hours: '9:00-21:00'}",
        "alerts: {balance: {warn: 300, digest: '08:00', every: 15m}}",
        "alerts: {balance: {every: PT15M}}",
        "access: {sender: {users: [U0123ABCD]}}",
        "access: {sender: {users: [sara]}}",
        "access: {workflows: '${NAME}'}",
        "phonebook: {contacts: {noura: '+965 5550 0100'}, groups: {oncall: [noura]}}",
        "phonebook: {contacts: {Noura: '+965 5550 0100'}}",
        "phonebook: {contacts: {noura: {number: '+965 5550 0100', slack: U0123ABCD}}}",
        "phonebook: {contacts: {noura: {slack: U0123ABCD}}}",
        "bridge:",
        "bridge: {channel: C0123ABCD}",
        "bridge: {chanel: C0123ABCD}",
        f"bridge: {{{BRIDGE}}}",
        f"bridge: {{{BRIDGE}, routes: [{{when: {{site: 'a*', job: [a, b]}}, to: r}}, {{to: r}}]}}",
        f"bridge: {{{BRIDGE}, routes: [{{when: {{site: 'a*b*'}}, to: r}}, {{to: r}}]}}",
        f"bridge: {{{BRIDGE.replace('abcd1234', '[abcd1234, efgh5678]')}}}",
        f"bridge: {{{BRIDGE.replace('abcd1234', '[abcd1234, efgh5678, ijkl9012]')}}}",
        f"bridge: {{{BRIDGE.replace('abcd1234', 'short')}}}",
        f"bridge: {{{BRIDGE.replace('native', 'zabix')}}}",
        "logging: {level: loud}",
        "logging: {level: debug}",
    ],
)
def test_it_judges_as_the_reading_does(more: str) -> None:
    """Each value is accepted by both the schema and the parser, or by neither."""
    text = GOOD + more
    try:
        parse(text, "config.yaml", SECRETS)
        read = True
    except ConfigurationProblems:
        read = "${NAME}" in more  # An editor does not know the variable's value.

    assert (complaints(text) == []) is read


def test_its_defaults_and_examples_can_be_written_into_the_file() -> None:
    """Each default and example is valid for its key: a duration is 15m, never PT15M."""
    wrong = []
    for section in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, key in section["properties"].items():
            values: list[Any] = [
                *key.get("examples", ()),
                *([key["default"]] if "default" in key else ()),
            ]
            here = VALIDATOR.evolve(schema={**key, "$defs": SCHEMA["$defs"]})
            wrong += [(name, value) for value in values if not here.is_valid(value)]

    assert wrong == []
