"""The installed Apprise's own requests are read: json://, form:// and apprise:// (scenario 18)."""

from pathlib import Path
from typing import Any

import apprise
import pytest
import requests

from kwtsms_bot.bridge.integrations.request import WebhookRequest
from kwtsms_bot.bridge.models import AlertSeverity
from support.bridge import parse

TITLE, BODY = "Backup “nightly” failed", "rsync ended with code 23\nوتوقفت المزامنة"
TYPES = {
    apprise.NotifyType.FAILURE: AlertSeverity.ERROR,
    apprise.NotifyType.WARNING: AlertSeverity.WARNING,
    apprise.NotifyType.INFO: None,
    apprise.NotifyType.SUCCESS: AlertSeverity.INFO,
}
URLS = (
    "json://localhost/hooks/apprise",
    "form://localhost/hooks/apprise",
    "apprise://localhost/sometoken",
    "apprise://localhost/sometoken?method=json",
)


class _Recorder(requests.adapters.BaseAdapter):
    """The end of requests' own stack: keeps what would leave, and answers 200."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answers 200 to everything."""
        self.sent.append(request)
        response = requests.Response()
        response.status_code = 200
        return response

    def close(self) -> None:
        """Has nothing to close."""


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> _Recorder:
    """Everything that Apprise would send."""
    recorder = _Recorder()
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: recorder)
    return recorder


def received(request: requests.PreparedRequest) -> WebhookRequest:
    """The request as our endpoint receives it."""
    body = request.body or b""
    encoded = body.encode() if isinstance(body, str) else body
    assert isinstance(encoded, bytes)
    return WebhookRequest(encoded, {str(key): str(value) for key, value in request.headers.items()})


@pytest.mark.parametrize("kind", ["apprise", "native"])
@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("notify_type", TYPES)
def test_a_notification_is_an_alert(
    recorder: _Recorder, url: str, notify_type: apprise.NotifyType, kind: str
) -> None:
    """Title, text and severity arrive, whichever way Apprise spells them."""
    target = apprise.Apprise()
    assert target.add(url)
    assert target.notify(body=BODY, title=TITLE, notify_type=notify_type)

    (alert,) = parse(kind, received(recorder.sent[-1])).alerts
    assert (alert.title, alert.text, alert.severity) == (TITLE, BODY, TYPES[notify_type])


@pytest.mark.parametrize("url", URLS)
def test_attachments_are_counted_and_discarded(
    recorder: _Recorder, url: str, tmp_path: Path
) -> None:
    """A notification with a file is read without it."""
    file = tmp_path / "log.txt"
    file.write_text("a log")
    target = apprise.Apprise()
    assert target.add(url)
    assert target.notify(body=BODY, title=TITLE, attach=str(file))

    batch = parse("apprise", received(recorder.sent[-1]))
    assert (batch.alerts[0].title, batch.alerts[0].text) == (TITLE, BODY)
    assert batch.attachments == 1
