"""kwtsmsbridge:// meets the expectations of Apprise and of the tools built on it."""

import pickle
from typing import Any

import pytest
from apprise import Apprise, AppriseConfig
from hypothesis import given
from hypothesis import strategies as st

import apprise_kwtsms
from apprise_kwtsms import NotifyKwtSMSBridge
from apprise_kwtsms.alert_fields import MAX_TITLE, AlertSettings, alert_fields
from apprise_kwtsms.idempotency import KEY_SECONDS, MAX_KEYS, IdempotencyKeys

GOOD = "kwtsmsbridge://backups:kwb_token@localhost"


@pytest.fixture(autouse=True)
def registered() -> None:
    """Registers the schemas; a second registration does no harm."""
    assert apprise_kwtsms.register()
    assert apprise_kwtsms.register()


def made(url: str) -> Any:
    """The plugin object for `url`."""
    found = Apprise.instantiate(url, suppress_exceptions=True)
    assert isinstance(found, NotifyKwtSMSBridge), url
    return found


@pytest.mark.parametrize(
    ("url", "base_url", "settings"),
    [
        (GOOD, "http://localhost", AlertSettings()),
        (f"{GOOD}:8090/ops", "http://localhost:8090", AlertSettings(receiver="ops")),
        (
            "kwtsmsbridges://backups:kwb_token@alerts.example.com/?receiver=ops",
            "https://alerts.example.com",
            AlertSettings(receiver="ops"),
        ),
        (f"{GOOD}?https=yes", "https://localhost", AlertSettings()),
        (
            f"{GOOD}?severity=Critical&key=db01/disk&:site=shuwaikh",
            "http://localhost",
            AlertSettings("critical", key="db01/disk", labels={"site": "shuwaikh"}),
        ),
        (
            f"{GOOD}?key=backup&status=resolved",
            "http://localhost",
            AlertSettings(status="resolved", key="backup"),
        ),
        (
            "kwtsmsbridge://localhost?user=backups&pass=kwb_token",
            "http://localhost",
            AlertSettings(),
        ),
        ("kwtsmsbridge://backups:kwb_token@[::1]:8090", "http://[::1]:8090", AlertSettings()),
    ],
)
def test_every_form_of_the_url_round_trips(
    url: str, base_url: str, settings: AlertSettings
) -> None:
    """`url()` gives an equal object, whatever the form of the original URL."""
    first = made(url)
    again = made(first.url())

    assert first.settings == again.settings == settings
    assert first._base_url == again._base_url == base_url
    assert (again.user, again.password) == ("backups", "kwb_token")
    assert first.url_id() == again.url_id()


def test_privacy_shows_no_secret() -> None:
    """The private URL and the text of the object don't contain the token."""
    built = made(GOOD)

    assert built.url(privacy=True).startswith("kwtsmsbridge://backups:****@localhost/")
    assert "kwb_token" not in built.url(privacy=True) + repr(built) + str(built)


@pytest.mark.parametrize("query", ["format=html", "format=markdown", "avatar_url=x", "overflow=x"])
def test_arguments_of_other_tools_are_no_obstacle(query: str) -> None:
    """Parameters that other tools add, as changedetection.io does, are accepted."""
    assert made(f"{GOOD}?{query}").user == "backups"


def test_a_yaml_configuration_is_understood() -> None:
    """Arguments may come from YAML, where an unquoted key is a number."""
    config = AppriseConfig()
    config.add_config(
        f"urls:\n  - {GOOD}:\n    - key: 4711\n      severity: critical\n      tag: ops\n",
        format="yaml",
    )
    service = Apprise()
    service.add(config)

    (found,) = service.find()
    assert found.settings == AlertSettings("critical", key="4711")


def test_it_can_be_pickled() -> None:
    """A plugin object can be passed to another process."""
    built = made(GOOD)

    assert pickle.loads(pickle.dumps(built)).url() == built.url()


@pytest.mark.parametrize(
    "url",
    [
        "kwtsmsbridge://",
        "kwtsmsbridge://localhost",
        "kwtsmsbridge://backups@localhost",
        f"{GOOD}/one/two",
        f"{GOOD}?severity=loud",
        f"{GOOD}?status=over",
        f"{GOOD}?status=resolved",
    ],
)
def test_a_wrong_url_makes_no_object(url: str) -> None:
    """Apprise refuses a wrong URL when loading it, not when sending."""
    assert Apprise.instantiate(url, suppress_exceptions=True) is None


@given(st.text() | st.text().map(lambda text: f"kwtsmsbridge://{text}"))
def test_no_text_raises(text: str) -> None:
    """Any text gives a dictionary or None."""
    found = NotifyKwtSMSBridge.parse_url(text)

    assert found is None or isinstance(found, dict)


@pytest.mark.parametrize("junk", [None, b"kwtsmsbridge://", 42, object(), [], "kwtsms://a:b@C/1"])
def test_junk_is_no_url(junk: Any) -> None:
    """Anything but a URL of these schemas gives None and raises nothing."""
    assert NotifyKwtSMSBridge.parse_url(junk) is None


def test_apprise_describes_it() -> None:
    """`apprise -l` and tools that build forms know the plugin's arguments."""
    described = next(
        one for one in Apprise().details()["schemas"] if one["service_name"] == "kwtSMS Bridge"
    )

    assert described["details"]["tokens"]["password"]["private"] is True
    assert {"severity", "status", "key", "https"} <= set(described["details"]["args"])


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Disk full", "db01", ("Disk full", "db01")),
        ("", "Disk full\non db01", ("Disk full", "on db01")),
        ("", "Disk full", ("Disk full", None)),
        ("", "x" * 2000, ("x" * MAX_TITLE, "x" * 2000)),
    ],
)
def test_a_text_without_a_title_begins_with_it(
    title: str, text: str, expected: tuple[str, str | None]
) -> None:
    """The first line becomes the title, and nothing is lost."""
    fields = alert_fields(AlertSettings(), title=title, text=text, notify_type="info", tags=())

    assert (fields["title"], fields.get("text")) == expected


def test_a_success_is_not_as_severe_as_the_url_says() -> None:
    """`severity=critical` is meant for failures, not for the news that all is well."""
    settings = AlertSettings(severity="critical")
    found = [
        alert_fields(settings, title="x", text="", notify_type=kind, tags=())["severity"]
        for kind in ("info", "warning", "failure", "success")
    ]

    assert found == ["critical", "critical", "critical", "info"]


def test_a_key_is_used_again_only_by_the_next_try() -> None:
    """A try that failed leaves its key to the next one, for ten minutes."""
    now = 0.0
    keys = IdempotencyKeys(lambda: now)
    first = keys.key("alert")
    keys.keep("alert", first)

    assert keys.key("alert") == first
    assert keys.key("alert") != first
    keys.keep("alert", first)
    now = KEY_SECONDS
    assert keys.key("alert") != first


def test_many_keys_are_not_kept_forever() -> None:
    """A program that runs for years with a bot that is away doesn't grow."""
    keys = IdempotencyKeys()
    for number in range(MAX_KEYS + 1):
        keys.keep(str(number), "key")

    assert keys.key("0") != "key"
    assert keys.key(str(MAX_KEYS)) == "key"


def test_an_object_needs_an_address() -> None:
    """A program that makes the object itself gets the error that a URL gets."""
    with pytest.raises(TypeError, match="needs the address of the bot"):
        NotifyKwtSMSBridge(user="backups", password="kwb_token")
