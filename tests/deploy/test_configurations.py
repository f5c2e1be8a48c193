"""The configurations in deploy/ are valid as soon as their secrets are set."""

from pathlib import Path

import pytest

from support.deployment import CONFIGS, SECRETS, read_config, referenced_secrets


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.name)
def test_it_is_accepted_without_a_warning(config: Path) -> None:
    """The referenced secrets are enough for a load without warnings."""
    asked = {name: SECRETS[name] for name in referenced_secrets(config)}
    found = read_config(config, asked)

    assert found.warnings() == ()
    assert found.http.listen


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.name)
def test_it_contains_no_secret(config: Path) -> None:
    """Tokens, passwords and the account's user name come from variables."""
    text = config.read_text()
    keys = ("bot_token", "app_token", "username", "password", "signing_secret")
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith(keys)]

    assert lines
    assert [line for line in lines if "${" not in line] == []
