"""The plugin meets the expectations of Apprise and of the tools built on it."""

import pickle
import random
import string
from typing import Any

import pytest
from apprise import Apprise, AppriseConfig, NotificationManager
from hypothesis import example, given
from hypothesis import strategies as st

import apprise_kwtsms
from apprise_kwtsms import NotifyKwtSMS

GOOD = "kwtsms://user:password@SENDER/96598765432"
NUMBER = "96598765432"


@pytest.fixture(autouse=True)
def registered() -> None:
    """Registers the schema; a second registration does no harm."""
    assert apprise_kwtsms.register()
    assert apprise_kwtsms.register()


def made(url: str) -> Any:
    """The plugin object for `url`."""
    found = Apprise.instantiate(url, suppress_exceptions=True)
    assert isinstance(found, NotifyKwtSMS), url
    return found


@pytest.mark.parametrize(
    ("url", "targets"),
    [
        (GOOD, [NUMBER]),
        ("kwtsms://user:password@SENDER/+96598765432/96551234567", [NUMBER, "96551234567"]),
        ("kwtsms://user:password@SENDER/?to=+96598765432,96551234567", [NUMBER, "96551234567"]),
        ("kwtsms://user:password@98765432/?from=SENDER", [NUMBER]),
        ("kwtsms://_?user=user&pass=password&from=SENDER&to=96598765432", [NUMBER]),
        ("kwtsms://user:password@SENDER/98765432", [NUMBER]),
        ("kwtsms://user:password@SENDER/0096598765432", [NUMBER]),
        (
            "kwtsms://user:password@SENDER/%D9%A9%D9%A8%D9%A7%D9%A6%D9%A5%D9%A4%D9%A3%D9%A2",
            [NUMBER],
        ),
        ("kwtsms://user:password@SENDER/98765432/96598765432", [NUMBER]),
        ("kwtsms://user:password@SENDER/512345678?country=966", ["966512345678"]),
    ],
)
def test_every_form_of_the_url_round_trips(url: str, targets: list[str]) -> None:
    """`url()` gives an equal object, whatever the form of the original URL."""
    first = made(url)
    again = made(first.url())

    assert first.targets == again.targets == targets
    assert (first.user, first.password, first.source) == ("user", "password", "SENDER")
    assert (again.user, again.password, again.source) == ("user", "password", "SENDER")
    assert first.url_id() == again.url_id()


def test_a_password_may_contain_anything_when_encoded() -> None:
    """`:`, `@`, `/` and `%` survive the round trip."""
    first = made("kwtsms://user:p%3Aa%40s%2Fs%25w@SENDER/96598765432")

    assert first.password == "p:a@s/s%w"
    assert made(first.url()).password == first.password


def test_a_sender_keeps_its_case_and_its_blanks() -> None:
    """Sender IDs are case-sensitive and may contain spaces."""
    assert made("kwtsms://user:password@My%20App.1/96598765432").source == "My App.1"


def test_privacy_shows_no_secret() -> None:
    """The private URL contains neither the password nor a number."""
    shown = made(GOOD).url(privacy=True)

    assert "password" not in shown
    assert NUMBER not in shown
    assert shown.startswith("kwtsms://user:****@SENDER/")


@pytest.mark.parametrize("query", ["format=html", "format=markdown", "format=text", "avatar_url=x"])
def test_arguments_of_other_tools_are_no_obstacle(query: str) -> None:
    """Parameters that other tools add, as changedetection.io does, are accepted."""
    assert made(f"{GOOD}?{query}").targets == [NUMBER]


def test_yaml_gives_ints_and_lists() -> None:
    """An unquoted number is an int in YAML and is accepted."""
    built = NotifyKwtSMS(
        source="SENDER", targets=[96598765432, "98765433"], user="user", password="password"
    )

    assert built.targets == [NUMBER, "96598765433"]


def test_a_blank_is_no_target_and_no_error() -> None:
    """An empty list item is ignored; a value that cannot be a number is kept as invalid."""
    built = NotifyKwtSMS(
        source="SENDER", targets=[NUMBER, "", None, 4.5], user="user", password="password"
    )

    assert (built.targets, built.invalid_targets) == ([NUMBER], ["4.5"])
    assert "/4.5" in built.url()


def test_a_yaml_configuration_is_understood() -> None:
    """Unquoted numbers, lists and several entries below one URL are accepted."""
    config = AppriseConfig()
    config.add_config(
        "urls:\n"
        "  - kwtsms://user:password@SENDER:\n"
        "    - to: 96598765432\n"
        "      tag: ops\n"
        "    - to: [96598765433, '98765434']\n",
        format="yaml",
    )

    service = Apprise()
    service.add(config)
    found = [one.targets for one in service.find()]
    assert found == [[NUMBER], ["96598765433", "96598765434"]]


def test_what_is_no_number_is_kept_for_the_url() -> None:
    """A mistyped number stays in the URL."""
    built = made("kwtsms://user:password@SENDER/96598765432/abc")

    assert built.targets == [NUMBER]
    assert "/abc" in built.url()


@pytest.mark.parametrize(
    ("count", "batch", "requests"), [(0, "yes", 1), (450, "yes", 3), (5, "no", 5)]
)
def test_its_length_is_its_requests(count: int, batch: str, requests: int) -> None:
    """The length is the number of requests, and never 0, which Apprise would treat as empty."""
    numbers = "/".join(str(96590000000 + n) for n in range(count))

    assert len(made(f"kwtsms://user:password@SENDER/{numbers}?batch={batch}")) == requests


def test_it_can_be_pickled() -> None:
    """A plugin object can be passed to another process."""
    built = made(GOOD)

    assert pickle.loads(pickle.dumps(built)).url() == built.url()


@pytest.mark.parametrize(
    "junk", [None, b"kwtsms://", 42, object(), [], {}, "", ":@/", "mailto://user:pw@host"]
)
def test_junk_is_no_url(junk: Any) -> None:
    """Anything but a kwtsms:// URL gives None and raises nothing."""
    assert NotifyKwtSMS.parse_url(junk) is None


def test_ten_thousand_random_texts_are_no_url() -> None:
    """Random text gives None."""
    dice = random.Random(1)
    letters = string.printable + "é٣😀\u200b"
    texts = ("".join(dice.choices(letters, k=dice.randrange(60))) for _ in range(10_000))

    assert {NotifyKwtSMS.parse_url(text) for text in texts} == {None}


@given(st.text() | st.text().map(lambda text: f"kwtsms://{text}"))
@example("kwtsms://user:password@SENDER/?to=\x00")
def test_no_text_raises(text: str) -> None:
    """Any text gives a dictionary or None."""
    found = NotifyKwtSMS.parse_url(text)

    assert found is None or isinstance(found, dict)


@pytest.mark.parametrize(
    "url",
    [
        "kwtsms://",
        "kwtsms://SENDER/96598765432",
        "kwtsms://user@SENDER/96598765432",
        "kwtsms://user:password@SENDER-TOO-LONG/96598765432",
        "kwtsms://user:password@SENDER/96598765432?country=x",
    ],
)
def test_a_wrong_url_makes_no_object(url: str) -> None:
    """Apprise refuses a wrong URL when loading it, not when sending."""
    assert Apprise.instantiate(url, suppress_exceptions=True) is None


def test_apprise_describes_it() -> None:
    """`apprise -l` and tools that build forms know the plugin's arguments."""
    (described,) = [
        one for one in Apprise().details()["schemas"] if one["service_name"] == "kwtSMS"
    ]

    assert described["details"]["tokens"]["password"]["private"] is True
    assert {"to", "from", "batch", "test", "country"} <= set(described["details"]["args"])
    assert "kwtsms" in NotificationManager()
