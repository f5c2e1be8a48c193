"""The proxy of the gateway connection, chosen by the usual environment variables."""

import pytest

from kwtsms_client.client.transport import transport_options

GATEWAY = "https://www.kwtsms.com/API/"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _no_proxy_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("named", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://proxy:3128"}, "http://proxy:3128"),
        ({"https_proxy": "http://user:secret@proxy:3128"}, "http://user:secret@proxy:3128"),
        ({"HTTPS_PROXY": "proxy:3128"}, "http://proxy:3128"),
        ({"HTTP_PROXY": "http://proxy:3128"}, None),
        ({"ALL_PROXY": "http://all:1"}, "http://all:1"),
        ({"HTTPS_PROXY": "http://proxy:3128", "ALL_PROXY": "http://all:1"}, "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "www.kwtsms.com"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost, .kwtsms.com"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, None),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "sms.com"}, "http://proxy:3128"),
    ],
)
def test_the_proxy_is_the_one_that_the_environment_names(
    named: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable of the scheme wins over ALL_PROXY; NO_PROXY switches the proxy off."""
    for name, value in named.items():
        monkeypatch.setenv(name, value)

    assert transport_options(GATEWAY, tls=False)["proxy"] == proxy


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/API/", "https://localhost/", "http://[::1]"]
)
def test_to_this_machine_there_is_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password would be sent unencrypted to the proxy."""
    for name in NAMES[:3]:
        monkeypatch.setenv(name, "http://proxy:3128")

    assert transport_options(url, tls=False)["proxy"] is None
