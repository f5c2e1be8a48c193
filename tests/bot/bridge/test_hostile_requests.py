"""Whatever bytes come in, a parser gives alerts within bounds or refuses with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.bridge.integrations.request import MAX_ALERTS, WebhookRequest
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import AlertBatch, RefusalReason, WebhookRefused
from support.bridge import FORM_TYPE, JSON_TYPE, SAMPLES, parse, sample

FILES = sorted(file.stem for file in SAMPLES.glob("*.json"))
SEEDS = [sample(name) for name in FILES]
# By which some tools say what a body is about.
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-GitHub-Event": st.sampled_from(("workflow_run", "ping", "push")),
        "Sentry-Hook-Resource": st.sampled_from(("event_alert", "metric_alert", "issue", "x")),
    },
)
KEYS = sorted({key for seed in SEEDS for key in seed} | {"status", "labels", "heartbeat", "check"})
TYPES = st.sampled_from(
    ("", JSON_TYPE, FORM_TYPE, "multipart/form-data; boundary=b", "multipart/form-data", "text/x")
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(("firing", "resolved", "up", "down", "0001-01-01T00:00:00Z", "9999-12-31"))
)
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(), inner, max_size=6)
    ),
    max_leaves=25,
)


def outcome(kind: str, request: WebhookRequest) -> AlertBatch | RefusalReason:
    """The alerts of a request, or the reason why it is refused; other errors are raised."""
    try:
        return parse(kind, request)
    except WebhookRefused as refused:
        return refused.reason


def check(result: AlertBatch | RefusalReason) -> None:
    """Alerts have a key and a title, are within bounds, and can be stored."""
    if isinstance(result, RefusalReason):
        return
    assert len(result.alerts) <= MAX_ALERTS
    for alert in result.alerts:
        assert 0 < len(alert.key) <= 255
        assert 0 < len(alert.title) <= 1_024
        assert len(alert.labels) <= 65
        for text in (alert.key, alert.title, alert.text, alert.where, *alert.labels.values()):
            text.encode()
            assert "\0" not in text
        for time in (alert.started_at, alert.ended_at):
            assert time is None or time.utcoffset() is not None


@pytest.mark.parametrize("kind", PARSERS)
@given(body=st.binary(max_size=300), content_type=TYPES)
def test_any_bytes(kind: str, body: bytes, content_type: str) -> None:
    """Bytes without any sense are refused, or read as the little that they say."""
    check(outcome(kind, WebhookRequest(body, {"content-type": content_type})))


@pytest.mark.parametrize("kind", PARSERS)
@given(value=JSON)
def test_any_json(kind: str, value: Any) -> None:
    """JSON of any shape never fails but by a refusal."""
    check(outcome(kind, WebhookRequest(json.dumps(value).encode(), {"content-type": JSON_TYPE})))


def own_seeds(kind: str) -> list[dict[str, Any]]:
    """The samples of a kind; all of them, if none is named for it."""
    return [sample(name) for name in FILES if name.startswith(kind.replace("-", "_"))] or SEEDS


@pytest.mark.parametrize("kind", PARSERS)
@given(data=st.data(), headers=HEADERS)
def test_a_sample_with_other_values(
    kind: str, data: st.DataObject, headers: dict[str, str]
) -> None:
    """A body of the right keys and wrong values is read, or refused with a reason."""
    seed = data.draw(st.sampled_from(own_seeds(kind)) | st.sampled_from(SEEDS))
    body = json.dumps(_mutate(seed, data)).encode()

    check(outcome(kind, WebhookRequest(body, {"content-type": JSON_TYPE, **headers})))


@given(alarm=JSON, state=st.sampled_from(("ALARM", "OK", "INSUFFICIENT_DATA")))
def test_an_alarm_within_a_message(alarm: Any, state: str) -> None:
    """The JSON within a message of SNS is as foreign as its envelope."""
    inner = alarm | {"NewStateValue": state} if isinstance(alarm, dict) else alarm
    body = {"Type": "Notification", "TopicArn": "a:b", "Message": json.dumps(inner)}

    check(outcome("sns", WebhookRequest(json.dumps(body).encode())))


@pytest.mark.parametrize("kind", PARSERS)
@given(
    fields=st.dictionaries(st.sampled_from([*KEYS, "data"]) | st.text(max_size=9), st.text()),
    cut=st.integers(0, 400),
)
def test_any_form(kind: str, fields: dict[str, str], cut: int) -> None:
    """Forms in parts, also cut off ones, and queries of any fields never fail."""
    parts = "".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body = f"{parts}--b--".encode("utf-8", "replace")[: cut + 50]
    request = WebhookRequest(body, {"content-type": "multipart/form-data; boundary=b"})

    check(outcome(kind, request))
    check(outcome(kind, WebhookRequest(b"", query=fields)))


def _mutate(value: Any, data: st.DataObject) -> Any:
    """The value with some of its leaves and branches replaced."""
    if data.draw(st.integers(0, 9)) == 0:
        return data.draw(JSON)
    if isinstance(value, dict):
        return {key: _mutate(one, data) for key, one in value.items()}
    if isinstance(value, list):
        return [_mutate(one, data) for one in value]
    return value
