"""config.yaml: the values that are read, the ones that are refused, and the error messages."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.config import (
    BalanceAlertSettings,
    Config,
    ConfigurationProblems,
    fields,
    load,
    parse,
    read_example,
)

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-very-secret-1",
    "SLACK_APP_TOKEN": "xapp-very-secret-2",
    "KWTSMS_USERNAME": "user",
    "KWTSMS_PASSWORD": "very-secret-3",
}
GOOD = """\
slack:
  bot_token: ${SLACK_BOT_TOKEN}
  app_token: ${SLACK_APP_TOKEN}
kwtsms:
  username: ${KWTSMS_USERNAME}
  password: ${KWTSMS_PASSWORD}
  sender_id: SHOP
"""


def problems(text: str) -> list[str]:
    """The problems that `parse` reports, one per line."""
    with pytest.raises(ConfigurationProblems) as caught:
        parse(text, "config.yaml", SECRETS)
    return str(caught.value).splitlines()


def test_a_short_file_is_enough() -> None:
    """Six lines configure the bot; everything else has a default."""
    config = parse(GOOD, "config.yaml", SECRETS)

    assert config.slack.bot_token.get_secret_value() == "xoxb-very-secret-1"
    assert config.kwtsms.timeout == timedelta(seconds=15)
    assert config.alerts.balance.warn == Decimal(200)


def test_secrets_do_not_show_in_repr() -> None:
    """Neither repr nor str of a configuration contains a token or a password."""
    config = parse(GOOD, "config.yaml", SECRETS)

    assert "very-secret" not in repr(config) + str(config)


def test_secrets_do_not_show_in_problems() -> None:
    """A malformed token is reported by its key, never by its value."""
    text = GOOD.replace("${SLACK_BOT_TOKEN}", "very-secret-4").replace("sender_id", "sender")

    assert "very-secret" not in "".join(problems(text))


def test_the_heartbeats_address_is_a_secret() -> None:
    """The URL's path is a secret: neither repr nor an error message shows it."""
    address = "https://hc.example/very-secret-5"
    config = parse(f"{GOOD}heartbeat:\n  url: {address}\n", "config.yaml", SECRETS)
    found = problems(f"{GOOD}heartbeat:\n  url: http://hc.example/very-secret-5\n")

    assert config.heartbeat.url
    assert config.heartbeat.url.get_secret_value() == address
    assert "heartbeat.url" in found[0]
    assert "very-secret" not in repr(config) + "".join(found)


def test_all_problems_are_reported_at_once_with_line_and_remedy() -> None:
    """One run reports an unknown key, a wrong token, a missing variable and a wrong number."""
    text = GOOD.replace("bot_token: ${SLACK_BOT_TOKEN}", "bot_token: xoxp-1\n  comand: /sms")
    text = text.replace("KWTSMS_PASSWORD", "NOT_SET") + "alerts:\n  balance:\n    warn: ten\n"

    assert [line.split(". ")[0] for line in problems(text)] == [
        "config.yaml:2: slack.bot_token: expected a token that starts with xoxb- (find it under "
        "OAuth & Permissions in your Slack app's settings)",
        "config.yaml:3: slack.comand: unknown key",
        "config.yaml:7: kwtsms.password: the environment variable NOT_SET is not set",
        'config.yaml:11: alerts.balance.warn: expected a number, got "ten"',
    ]


def test_an_unknown_country_hides_no_other_problem() -> None:
    """The phone book is checked even if the default country is invalid."""
    text = '  default_country: "999"\nphonebook: {contacts: {ali: "98765432"}}\nacess: 1\n'
    found = "\n".join(problems(GOOD + text))

    assert "default_country: expected a country code" in found
    assert "phonebook.contacts.ali: expected a mobile number" in found
    assert "acess: unknown key" in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("slack: 5", "slack: expected a section (keys, indented)"),
        ("a: [", "not YAML"),
        ("- 1", "expected a section"),
        ("", "kwtsms: missing"),
        (GOOD + "acess:\n", "acess: unknown key. Did you mean access?"),
        (GOOD + "kwtsms: {}\n", "appears twice (first in line 4)"),
        (GOOD + "access: {sender: {users: [sara]}}", 'got "sara". For example, users: [U0'),
        (GOOD + 'outbox: {database: "sqlite://"}', "For example, database: sqlite:///kwtsms"),
        (GOOD + 'outbox: {database: "sqlite:///:memory:"}', "For example, database: sqlite"),
        (GOOD + "outbox: {lease: 0s}", "expected a time such as 30s"),
        (GOOD + "outbox: {lease: 1d}", "lease: expected a time between 1s and 10m"),
        (
            GOOD + "alerts: {balance: {critical: 200}}",
            "critical: expected a number below warn (200), got 200",
        ),
        (
            GOOD + "alerts: {balance: {channels: [C0123ABCD, C012, C0123ABCD]}}",
            "alerts.balance.channels: expected each value once, but number 3 repeats number 1",
        ),
        (
            GOOD + "alerts: {balance: {apprise: ['json://h', 'json://h']}}",
            "alerts.balance.apprise: expected each value once, but number 2 repeats number 1. Fo",
        ),
        (GOOD.replace("SHOP", "MY-LONG-SENDER"), "longer than 11 characters"),
        (GOOD + "  base_url: http://kwtsms.com/", "expected an https:// address"),
        (GOOD + "outbox: {retention: 999999d}", "outbox.retention: expected at most 3650d"),
        (GOOD + "outbox: {lease: 1d}", "outbox.lease: expected a time between 1s and 10m"),
        (GOOD + "outbox: {lease: 1d}", "For example, lease: 30s"),
        (GOOD.replace("  app_token", "  # app_token"), "For example, app_token: ${SLACK_APP"),
        (GOOD.replace("${KWTSMS_PASSWORD}", "…"), "kwtsms.password: expected a value"),
        (GOOD.replace("${KWTSMS_USERNAME}", "…"), "kwtsms.username: expected a name"),
        (GOOD.replace("${SLACK_BOT_TOKEN}", "xoxb-…"), "expected the token itself, got an example"),
        (GOOD + "http: {listen: '::1:8080'}", "http.listen: not in the expected format"),
        (GOOD + "access: &a {sender: *a}", "aliases refer to each other or to themselves"),
        (GOOD + "access: &a\n  sender: &b [*a]\n  reader: *b", "aliases refer to each other"),
    ],
)
def test_each_error_names_what_was_wrong(text: str, expected: str) -> None:
    """Each problem names its place, its kind and a correct value."""
    # `acess:` with nothing below it carries no data; give it some.
    found = problems(text.replace("acess:\n", "acess: 1\n"))

    assert any(expected in line for line in found), found


def test_an_empty_access_section_lets_nobody_send_and_says_so() -> None:
    """An empty access section is valid, but `config check` warns about it."""
    config = parse(GOOD + "access:\n", "config.yaml", SECRETS)

    assert any("nobody can send" in warning for warning in config.warnings())


@pytest.mark.parametrize(("every", "warned"), [("59s", True), ("1m", False)])
def test_polling_too_often_gives_a_warning(every: str, warned: bool) -> None:  # noqa: FBT001
    """A very short interval is valid, but is probably a mistake."""
    config = parse(f"{GOOD}alerts: {{balance: {{every: {every}}}}}", "config.yaml", SECRETS)

    assert any("alerts.balance.every" in warning for warning in config.warnings()) is warned


def test_a_missing_file_is_a_problem_with_a_remedy(tmp_path: Path) -> None:
    """The remedy for a missing file is the guided setup, or another file."""
    with pytest.raises(ConfigurationProblems, match=r"Create it with kwtsms-bridge init"):
        load(str(tmp_path / "missing.yaml"))


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    """NAME_FILE is read as for Docker and systemd secrets; NAME takes precedence."""
    (tmp_path / "config.yaml").write_text(GOOD)
    (tmp_path / "secret").write_text("\ufeffxoxb-from-a-file\r\n", encoding="utf-8")
    known = {name: SECRETS[name] for name in SECRETS if name != "SLACK_BOT_TOKEN"}
    named = {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "secret"), "KWTSMS_PASSWORD_FILE": "/nowhere"}
    config = load(str(tmp_path / "config.yaml"), known | named)

    assert config.slack.bot_token.get_secret_value() == "xoxb-from-a-file"
    assert config.kwtsms.password.get_secret_value() == SECRETS["KWTSMS_PASSWORD"]


def test_a_secrets_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The problem names the variable, the line and the remedy."""
    (tmp_path / "config.yaml").write_text(GOOD)
    known = {name: SECRETS[name] for name in SECRETS if name != "SLACK_BOT_TOKEN"}
    with pytest.raises(ConfigurationProblems) as caught:
        load(str(tmp_path / "config.yaml"), known | {"SLACK_BOT_TOKEN_FILE": str(tmp_path / "no")})

    assert len(caught.value.problems) == 1
    assert ":2: slack.bot_token: SLACK_BOT_TOKEN_FILE can't be read" in str(caught.value)


def test_secrets_come_from_the_env_file_beside_it(tmp_path: Path) -> None:
    """A .env file beside the configuration fills in what the environment lacks."""
    (tmp_path / "config.yaml").write_text(GOOD)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))

    config = load(str(tmp_path / "config.yaml"), environ={"KWTSMS_USERNAME": "from-environment"})

    assert config.kwtsms.username == "from-environment"
    assert config.kwtsms.password.get_secret_value() == "very-secret-3"


def test_the_example_file_loads_and_explains_every_key() -> None:
    """config.yaml.example is a valid configuration that mentions each existing key."""
    text = read_example()

    assert text == (Path(__file__).parents[2] / "config.yaml.example").read_text()
    parse(text, "config.yaml.example", SECRETS)

    missing = [key for key in keys(Config.model_json_schema()) if f"{key}:" not in text]
    assert missing == []


def keys(schema: dict[str, object]) -> set[str]:
    """Every property name in a JSON Schema and its definitions."""
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict)
    found = set()
    for section in (schema, *definitions.values()):
        found |= set(section.get("properties", {}))
    return found


def test_an_alias_bomb_is_refused_quickly() -> None:
    """Aliases that multiply are refused, not expanded."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"

    (problem,) = problems(bomb)
    assert "its aliases refer to each other" in problem


def test_as_many_people_as_fit_into_the_file_are_read() -> None:
    """Keys after a very long list are read, so that no limit is lost."""
    users = ",".join(f"U{number:04X}" for number in range(21_000))
    text = f"{GOOD}access: {{sender: {{users: [{users}]}}}}\nlimits: {{credits_per_day: 5}}\n"
    config = parse(text, "config.yaml", SECRETS)

    assert len(config.access.sender.users) == 21_000
    assert config.limits.credits_per_day == 5


def test_a_token_in_the_wrong_line_is_not_repeated() -> None:
    """A value in the wrong place may be a real token, so no message repeats it."""
    text = GOOD.replace("SHOP", "xoxb-very-secret-9")

    assert "very-secret" not in "".join(problems(text))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://u:p@h/n",
        "postgresql://",
        "postgresql://u:very-secret@word@host:5432/name",
        "postgresql://u:very-secret/word@host/name",
        "postgresql://u:very-secret#word@host/name",
        "postgresql://u:very-secret?word@host/name",
        "postgresql://u:very-secret@host:port/name",
    ],
)
def test_an_implausible_database_url_is_reported(url: str) -> None:
    """The problem is one line that shows a valid URL, without the password."""
    (problem,) = problems(f"{GOOD}outbox: {{database: '{url}'}}\n")

    assert "outbox.database: expected " in problem
    assert "postgresql://user:password@host/name" in problem
    assert "very-secret" not in problem


def test_a_database_without_its_driver_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The problem names the package to install; SQLite needs none."""
    monkeypatch.setattr(fields, "find_spec", lambda _: None)
    (problem,) = problems(f"{GOOD}outbox: {{database: postgresql://u:p@h/n}}\n")

    assert "pip install 'kwtsms-bridge[postgres]'" in problem
    assert parse(GOOD, "config.yaml", SECRETS)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////var/lib/kwtsms-bridge/kwtsms-bridge.sqlite3",
        "postgresql://u:p%40ss%3Aw@[::1]:5432/name",
        "postgresql:///name?host=/var/run/postgresql",
    ],
)
def test_a_database_that_there_may_be_is_read(url: str) -> None:
    """A valid URL in SQLAlchemy's form is kept unchanged."""
    config = parse(f"{GOOD}outbox: {{database: '{url}'}}\n", "config.yaml", SECRETS)

    assert config.outbox.database == url


def test_a_warning_is_one_line() -> None:
    """A warning has one line, because it is one event in the log."""
    config = parse(GOOD, "config.yaml", SECRETS)

    assert len(config.warnings()) == 2
    assert [one for one in config.warnings() if "\n" in one] == []


@given(st.text() | st.from_regex(r"[a-z: \[\]{}&*!|>%@`'\"\n-]{0,60}"))
def test_no_text_raises_anything_else(text: str) -> None:
    """Any text in the file gives a configuration or a list of problems."""
    with pytest.raises(ConfigurationProblems):
        parse(text, "config.yaml", {})


@pytest.mark.parametrize(
    ("written", "at"), [('"08:00"', time(8)), ("08:00", time(8)), ("12:30", time(12, 30))]
)
def test_a_time_of_day_needs_no_quotes(written: str, at: time) -> None:
    """YAML reads an unquoted 12:30 as a base-60 number; it is still read as a time of day."""
    config = parse(f"{GOOD}alerts: {{balance: {{digest: {written}}}}}", "config.yaml", SECRETS)

    assert config.alerts.balance.digest == at


def test_a_wrong_time_and_a_wrong_zone_are_reported_with_their_remedy() -> None:
    """Each problem shows an example of a valid value."""
    text = f"{GOOD}alerts:\n  balance:\n    digest: 8am\n    timezone: Kuwait City\n"

    digest, zone = problems(text)
    assert 'digest: expected a time of day such as 08:00, got "8am"' in digest
    assert "timezone: expected the name of a time zone such as Asia/Kuwait" in zone


def test_the_days_are_those_of_the_time_zone() -> None:
    """Kuwait's days need no time zone database; other zones are looked up by name."""
    summer = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    zones = [
        BalanceAlertSettings.model_validate({"timezone": name}).zone
        for name in ("Asia/Kuwait", "Europe/Berlin")
    ]

    assert [summer.astimezone(zone).isoformat()[8:16] for zone in zones] == ["02T01:30", "02T00:30"]


@pytest.mark.parametrize(
    ("country", "written", "number"),
    [
        ("965", "98765432", "96598765432"),
        ("973", "66001234", "97366001234"),
        ("973", "+965 9876 5432", "96598765432"),
    ],
)
def test_a_contact_is_the_number_that_would_be_typed(
    country: str, written: str, number: str
) -> None:
    """A local number belongs to `kwtsms.default_country`; names may be in any script."""
    text = GOOD.replace("sender_id:", f'default_country: "{country}"\n  sender_id:')
    book = f'phonebook: {{contacts: {{نورة: "{written}"}}, groups: {{الدعم: [نورة]}}}}'
    config = parse(f"{text}{book}\n", "config.yaml", SECRETS)

    assert config.phonebook.numbers("الدعم") == (number,)


def test_a_contact_that_is_no_mobile_is_reported() -> None:
    """The problem names the line and the form of a valid number."""
    (problem,) = problems(f"{GOOD}phonebook:\n  contacts:\n    ali: 22445566\n")

    assert "config.yaml:10: phonebook.contacts.ali" in problem
