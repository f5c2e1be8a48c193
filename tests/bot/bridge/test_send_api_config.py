"""The section `bridge.api` of config.yaml: the values that are read, and the ones refused."""

import pytest

from kwtsms_bot.bridge.send_api.terms import make_terms
from kwtsms_bot.config import Config, ConfigurationProblems, parse
from kwtsms_bot.doctor.bridge import check
from kwtsms_bot.i18n.translator import ENGLISH

BASE = """\
slack: {bot_token: xoxb-1, app_token: xapp-1}
kwtsms: {username: user, password: p, sender_id: SHOP}
phonebook: {contacts: {noura: +965 9876 5432}}
"""
TOKEN = "kwb_" + "a" * 28


def read(api: str, bridge: str = "") -> Config:
    """The configuration with these applications."""
    return parse(f"{BASE}bridge: {{api: {{{api}}}{bridge}}}\n", "config.yaml", {})


def test_the_api_needs_no_integration() -> None:
    """An application alone is enough: its defaults are safe, and there is nothing to warn of."""
    config = read(f"shop: {{token: {TOKEN}}}", ", url: https://alerts.example.com")
    terms = make_terms(config)["shop"]
    assert config.bridge is not None

    assert config.bridge.warnings(ENGLISH, "KWT-SMS") == ()
    assert (terms.sender_ids, terms.countries, terms.numbers) == (("SHOP",), ("965",), None)
    assert (terms.may_be_urgent, terms.phonebook, terms.channel) == (False, None, None)
    assert [one.what for one in check(config.bridge)] == [
        "Applications send messages to https://alerts.example.com/v1/messages."
    ]


def test_a_short_token_is_a_warning() -> None:
    """A token that can be guessed is named by its place."""
    config = read("shop: {token: short-one}")
    assert config.bridge is not None

    (warning,) = config.bridge.warnings(ENGLISH, "SHOP")
    assert warning.startswith("bridge.api.shop.token: the token is short enough to be guessed")


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("shop: {}", "bridge.api.shop.token: missing"),
        (f"Shop: {{token: {TOKEN}}}", "bridge.api.Shop"),
        (f"{'a' * 37}: {{token: {TOKEN}}}", f"bridge.api.{'a' * 37}"),
        (f"shop: {{token: {TOKEN}, to: [nora]}}", "there is no contact or group 'nora'"),
        (f"shop: {{token: {TOKEN}, countries: ['971']}}", "limits.countries doesn't allow 971"),
        (f"shop: {{token: {TOKEN}, recipients: 1001}}", "less than or equal to 1000"),
        (f"shop: {{token: {TOKEN}, urgnt: true}}", "urgnt: unknown key. Did you mean"),
        (
            f"shop: {{token: {TOKEN}}}, bank: {{token: {TOKEN}}}",
            "bridge.api.bank.token: another integration or application has the same token",
        ),
    ],
)
def test_a_wrong_application_is_refused_with_its_key(api: str, expected: str) -> None:
    """Each mistake is named by its key."""
    with pytest.raises(ConfigurationProblems) as caught:
        read(api)

    assert expected in str(caught.value)
