"""`kwtsms-bridge apprise url --bridge` builds URLs that Apprise and the endpoint accept."""

import pytest
from apprise import Apprise
from click.testing import CliRunner, Result

import apprise_kwtsms
from apprise_kwtsms.bridge_urls import BotAddress, parse_address
from kwtsms_bot.cli.apprise import apprise_group

BRIDGE = ("--bridge", "https://alerts.example.com", "--integration", "backups")


def run(*arguments: str, token: str = "kwb_t/k:n") -> Result:
    """Runs `apprise url`, with the token on standard input."""
    return CliRunner().invoke(apprise_group, ["url", *arguments], input=f"{token}\n")


def test_the_plugins_url_comes_first_and_the_others_beside_it() -> None:
    """Standard output has one URL, for scripts; those without the plugin are on standard error."""
    result = run(*BRIDGE)

    assert result.stdout == "kwtsmsbridges://backups:kwb_t%2Fk%3An@alerts.example.com\n"
    assert result.stderr.splitlines()[1:] == [
        "jsons://backups:kwb_t%2Fk%3An@alerts.example.com/hooks/backups",
        "apprises://alerts.example.com/kwb_t%2Fk%3An",
    ]


def test_apprise_accepts_every_url() -> None:
    """Each URL makes an object, and the plugin's has what was written."""
    assert apprise_kwtsms.register()
    arguments = ("--receiver", "ops", "--severity", "critical", "--key", "db01/disk &c")
    result = run(*BRIDGE, *arguments, token="kwb_token")
    urls = [result.stdout.strip(), *result.stderr.splitlines()[1:]]
    (found, *others) = [Apprise.instantiate(url, suppress_exceptions=True) for url in urls]

    assert (found.user, found.password, found.secure) == ("backups", "kwb_token", True)
    assert (found.settings.receiver, found.settings.severity) == ("ops", "critical")
    assert found.settings.key == "db01/disk &c"
    assert others[0].payload_extras == {"severity": "critical", "key": "db01/disk &c", "to": "ops"}
    assert len(others) == 1  # An apprise:// URL can't say that much.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--bridge", "ftp://alerts.example.com", "--integration", "x"), "expected an address"),
        (("--bridge", "https://a:b@alerts.example.com"), "expected an address"),
        (("--bridge", "https://alerts.example.com/hooks/x"), "expected an address"),
        (("--bridge", "https://alerts.example.com"), "Missing option '--integration'"),
        ((*BRIDGE, "98765432"), "takes no --user"),
        (("--key", "x", "--user", "me"), "need --bridge"),
        (("--user", "me"), "Missing option '--from'"),
        (("--user", "me", "--from", "MY-APP"), "Missing argument 'NUMBERS...'"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    """The error names the option, and the exit code is 2."""
    result = run(*arguments)

    assert result.exit_code == 2
    assert said in result.output


def test_an_empty_token_is_refused() -> None:
    """A URL without a token would be refused later, at each alert."""
    assert "is empty" in run(*BRIDGE, token="").output


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("http://127.0.0.1:8090", BotAddress("127.0.0.1:8090", is_secure=False)),
        ("https://alerts.example.com:443/", BotAddress("alerts.example.com", is_secure=True)),
        ("http://[::1]:80", BotAddress("[::1]", is_secure=False)),
    ],
)
def test_an_address_has_a_port_only_if_it_needs_one(written: str, expected: BotAddress) -> None:
    """The default port of the scheme is left out."""
    assert parse_address(written) == expected
