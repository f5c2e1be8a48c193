"""config.yaml: values that nobody means, flawed secrets, placeholders and unreadable files."""

from datetime import time
from pathlib import Path

import pytest

from kwtsms_bot.config import ConfigurationProblems, load, parse, read_example
from kwtsms_bot.config.text_files import read_config_file

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "KWTSMS_USERNAME": "user",
    "KWTSMS_PASSWORD": "pa55",
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
LINES = "\n".join(f"{name}={value}" for name, value in SECRETS.items())
SCHEDULE = "alerts: {{balance: {{digest: {}}}}}"


def problems_of(text: str, environ: dict[str, str] | None = None) -> str:
    """The problems that `parse` reports, one per line."""
    with pytest.raises(ConfigurationProblems) as caught:
        parse(text, "config.yaml", SECRETS | (environ or {}))
    return str(caught.value)


def load_problems(folder: Path, text: str = GOOD) -> str:
    """The problems that `load` reports for `text` in `folder`."""
    (folder / "config.yaml").write_text(text)
    with pytest.raises(ConfigurationProblems) as caught:
        load(str(folder / "config.yaml"), SECRETS)
    return str(caught.value)


@pytest.mark.parametrize(
    "written", ["0700", "800", "8", "off", "12:30:45", "24:00", "1230", "0x1C2", "12.30"]
)
def test_a_time_of_day_has_a_colon(written: str) -> None:
    """A number is never read as minutes after midnight, and a boolean not as midnight."""
    found = problems_of(GOOD + SCHEDULE.format(written))

    assert f'digest: expected a time of day such as 08:00, got "{written}"' in found


@pytest.mark.parametrize(
    ("written", "at"), [("07:00", time(7)), ("7:05", time(7, 5)), ("'12:30'", time(12, 30))]
)
def test_a_time_with_a_colon_needs_no_quotes_and_no_zero(written: str, at: time) -> None:
    """YAML's base-60 numbers are read as the times that they look like."""
    config = parse(GOOD + SCHEDULE.format(written), "config.yaml", SECRETS)

    assert config.alerts.balance.digest == at


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("limits: {messages_per_hour: 060}", "begin with 0: write 60, or quote it"),
        ("limits: {messages_per_hour: 089}", "begin with 0: write 89, or quote it"),
        ("limits: {approve_credits: 0200}", "begin with 0: write 200, or quote it"),
        ("limits: {credits_per_day: 0o17}", "begin with 0: use decimal digits"),
        ("access: {bulk_from: 0x14}", "begin with 0: use decimal digits"),
        ("alerts: {balance: {warn: 0400}}", "begin with 0: write 400, or quote it"),
        ("limits: {messages_per_hour: yes}", 'expected a number, got "yes"'),
        ("limits: {confirm_recipients: on}", 'expected a number, got "on"'),
        ("access: {bulk_from: true}", 'expected a number, got "true"'),
        ("alerts: {balance: {critical: yes}}", 'expected a number, got "yes"'),
        ("limits: {messages_per_hour: 1:00}", 'expected a whole number, got "1:00"'),
        ("http: {listen: 127.0.0.1:99999}", "with a port up to 65535"),
    ],
)
def test_a_number_that_is_surely_not_meant_is_refused(line: str, expected: str) -> None:
    """Octal, base 60, hexadecimal and boolean values are problems, never other numbers."""
    assert expected in problems_of(GOOD + line)


def test_a_quoted_number_and_texts_may_begin_with_0() -> None:
    """Quotes mean decimal digits; where a text is expected, it's kept as written."""
    text = GOOD.replace("SHOP", "0123").replace("${KWTSMS_PASSWORD}", "012345")
    more = "limits: {messages_per_hour: '060'}\nphonebook: {contacts: {a: 0096555501001}}\n"
    config = parse(text + more, "config.yaml", SECRETS)

    assert config.limits.messages_per_hour == 60
    assert config.kwtsms.sender_id == "0123"
    assert config.kwtsms.password.get_secret_value() == "012345"
    assert config.phonebook.numbers("a") == ("96555501001",)


@pytest.mark.parametrize("name", ["KWTSMS_PASSWORD", "SLACK_BOT_TOKEN", "KWTSMS_USERNAME"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_line_breaks_around_a_variable_are_dropped(name: str, end: str) -> None:
    """The variable is read as `NAME_FILE` is: without the line break at the end."""
    config = parse(GOOD, "config.yaml", SECRETS | {name: SECRETS[name] + end})

    assert config == parse(GOOD, "config.yaml", SECRETS)
    assert [one for one in config.warnings() if "line break" in one] == []


@pytest.mark.parametrize(
    ("password", "warned"),
    [
        ('"pa55"', "quotes around it"),
        ("'pa55'", "quotes around it"),
        ("“pa55”", "quotes around it"),
        (" pa55", "spaces around it"),
        ("pa55\t", "spaces around it"),
        ("pa55\nxyz", "a line break in it"),
    ],
)
def test_a_flawed_password_gives_a_warning_without_its_value(password: str, warned: str) -> None:
    """The value is kept, since it may be meant, and the warning names only its key."""
    config = parse(GOOD, "config.yaml", SECRETS | {"KWTSMS_PASSWORD": password})
    (found,) = [one for one in config.warnings() if one.startswith("kwtsms.password")]

    assert warned in found
    assert "pa55" not in found
    assert config.kwtsms.password.get_secret_value() == password


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SLACK_BOT_TOKEN", '"xoxb-secret"', "slack.bot_token: the value has quotes around it"),
        ("SLACK_BOT_TOKEN", "xoxb-secret ", "slack.bot_token: the value has spaces around it"),
        ("SLACK_APP_TOKEN", "'xapp-secret'", "slack.app_token: the value has quotes around it"),
        ("KWTSMS_USERNAME", " secret", "kwtsms.username: the value has spaces around it"),
        ("SLACK_APP_TOKEN", "xapp-se\ncret", "slack.app_token: the value has a line break in it"),
    ],
)
def test_a_refused_value_names_its_flaw(name: str, value: str, expected: str) -> None:
    """The quotes are the problem, and not how the token starts; the value isn't shown."""
    found = problems_of(GOOD, {name: value})

    assert expected in found
    assert "secret" not in found


def test_the_untouched_example_is_refused_with_every_placeholder(tmp_path: Path) -> None:
    """Each placeholder is a problem, with its line and what to write instead."""
    found = load_problems(tmp_path, read_example())

    for path in (
        'kwtsms.sender_id: still a placeholder from the example, got "MY-APP"',
        'access.reader.channels[0]: still a placeholder from the example, got "C0123ABCD"',
        'access.sender.users[0]: still a placeholder from the example, got "U0123ABCD"',
        'alerts.balance.channels[0]: still a placeholder from the example, got "C0123ABCD"',
    ):
        assert path in found
    assert "Copy member ID" in found


@pytest.mark.parametrize(
    "line",
    [
        "access: {admin: {users: [U0456EFGH]}}",
        "access: {admin: {groups: [S0123ABCD]}}",
        "limits: {approval_channel: C0123ABCD}",
        "phonebook: {contacts: {noura: +965 5550 0100}}",
        "heartbeat: {url: 'https://hc-ping.com/your-id'}",
        "alerts: {balance: {apprise: ['mailto://user:password@example.com']}}",
        "outbox: {database: 'postgresql://user:password@host/name'}",
        "outbox: {database: 'postgresql://kwtsms:…@db/kwtsms'}",
    ],
)
def test_placeholders_of_our_other_examples_are_problems(tmp_path: Path, line: str) -> None:
    """The comments, the schema and deploy/ show values that belong to no user."""
    assert "still a placeholder from the example" in load_problems(tmp_path, GOOD + line)


def test_the_sandboxs_sender_id_is_no_placeholder_at_the_sandbox(tmp_path: Path) -> None:
    """MY-APP is the sender ID of the local gateway."""
    text = GOOD.replace("SHOP", "MY-APP\n  base_url: http://127.0.0.1:8090/API/")
    (tmp_path / "config.yaml").write_text(text)

    assert load(str(tmp_path / "config.yaml"), SECRETS).kwtsms.sender_id == "MY-APP"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_the_first_line_of_an_env_file_is_read_with_a_byte_order_mark(
    tmp_path: Path, encoding: str
) -> None:
    """Notepad's mark belongs to the file, whatever the version of python-dotenv."""
    (tmp_path / "config.yaml").write_text(GOOD)
    (tmp_path / ".env").write_text(LINES, encoding=encoding)
    config = load(str(tmp_path / "config.yaml"), {})

    assert config.slack.bot_token.get_secret_value() == "xoxb-1"


def test_a_byte_order_mark_is_no_part_of_a_text(tmp_path: Path) -> None:
    """The mark is removed here already, since not every version of python-dotenv does so."""
    (tmp_path / "config.yaml").write_text(GOOD, encoding="utf-8-sig")

    assert read_config_file(str(tmp_path / "config.yaml")) == GOOD


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", [".env", "config.yaml"])
def test_a_utf_16_file_is_named_as_such(tmp_path: Path, name: str, encoding: str) -> None:
    """PowerShell's redirection writes UTF-16; the problem says what to save it as."""
    (tmp_path / "config.yaml").write_text(GOOD)
    (tmp_path / name).write_text(GOOD, encoding=encoding)
    with pytest.raises(ConfigurationProblems) as caught:
        load(str(tmp_path / "config.yaml"), SECRETS)

    assert f"{tmp_path / name}: UTF-16 text, not UTF-8. Save the file as UTF-8" in str(caught.value)


def test_an_env_folder_is_a_problem_and_a_virtual_environment_is_none(tmp_path: Path) -> None:
    """Docker creates a folder where the file to mount is missing; its variables would be lost."""
    (tmp_path / ".env").mkdir()
    found = load_problems(tmp_path)
    (tmp_path / ".env" / "pyvenv.cfg").touch()

    assert ".env: a folder, not a file. Docker creates a folder" in found
    assert load(str(tmp_path / "config.yaml"), SECRETS)


def test_an_env_link_to_nothing_is_a_problem(tmp_path: Path) -> None:
    """A link whose file is gone is named, and not taken for a file that isn't wanted."""
    (tmp_path / ".env").symlink_to(tmp_path / "gone")

    assert ".env: can't be read (no such file or directory)" in load_problems(tmp_path)


@pytest.mark.parametrize("listen", ["0.0.0.0:8080", "'[::]:8080'", "'*:8080'", "localhost:8080"])
def test_each_documented_address_is_read(listen: str) -> None:
    """IPv4, IPv6 and both are written as docs/operations.md says."""
    config = parse(f"{GOOD}http: {{listen: {listen}}}", "config.yaml", SECRETS)

    assert config.http.listen == listen.strip("'")
