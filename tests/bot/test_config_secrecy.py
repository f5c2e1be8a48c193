"""A configuration shows no secret: neither in a problem nor in its `repr`."""

import pytest

from kwtsms_bot.config import ConfigurationProblems
from kwtsms_bot.config.loader import parse

SECRET = "hush-hush"
GOOD = """
slack: {bot_token: xoxb-1, app_token: xapp-1}
kwtsms: {username: user, password: p, sender_id: MY-APP}
"""
SECTIONS = (
    "access",
    "alerts",
    "bridge",
    "heartbeat",
    "http",
    "limits",
    "logging",
    "outbox",
    "phonebook",
)


@pytest.mark.parametrize(
    "text",
    [
        *(f"{GOOD}{section}: {SECRET}" for section in SECTIONS),
        f"slack: {SECRET}\nkwtsms: {SECRET}",
        f"{GOOD}alerts: {{balance: {SECRET}}}",
        f"{GOOD}access: {{admin: {SECRET}}}",
        SECRET,
        f"- {SECRET}",
    ],
)
def test_a_value_in_place_of_a_section_is_not_shown(text: str) -> None:
    """A secret that is written in the place of its section appears in no problem."""
    with pytest.raises(ConfigurationProblems, match="expected a section") as caught:
        parse(text, "config.yaml", {})

    assert SECRET not in str(caught.value)


def test_the_repr_has_no_secret() -> None:
    """The password in the database's address is not in the text of the configuration."""
    address = f"postgresql://user:{SECRET}@host/name"
    config = parse(f"{GOOD}outbox: {{database: '{address}'}}", "config.yaml", {})

    assert config.outbox.database == address
    assert SECRET not in repr(config) + str(config)
