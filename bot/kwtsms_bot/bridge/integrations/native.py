"""Our own JSON, which scripts and other tools' templates post; knows Apprise's fields, too."""

from collections.abc import Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.body import is_form, read_form, read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_key,
    as_labels,
    as_severity,
    as_text,
    as_time,
    as_url,
    digest,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, AlertSeverity, AlertStatus, Incoming

_STATUS_WORDS = {
    AlertStatus.FIRING: "firing triggered trigger alerting problem down open",
    AlertStatus.RESOLVED: "resolved resolve ok closed close up recovered recovery",
    AlertStatus.ACKNOWLEDGED: "acknowledged acknowledge ack",
    AlertStatus.NOTE: "note comment",
}
STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words.split()}
SUCCESS = "success"
# Apprise's notify types. `info` is its default, so it says nothing.
_TYPES = {
    "failure": AlertSeverity.ERROR,
    "warning": AlertSeverity.WARNING,
    SUCCESS: AlertSeverity.INFO,
}


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads one alert from JSON or a form.

    Raises:
        WebhookRefused: the body has neither a title nor a key that is resolved.
    """
    if is_form(request):
        form = read_form(request)
        return AlertBatch((to_incoming(form.fields, options),), attachments=form.files)
    return AlertBatch((to_incoming(read_object(request), options),))


def to_incoming(fields: Mapping[str, Any], options: ParseOptions) -> Incoming:
    """The alert that named fields describe.

    Raises:
        WebhookRefused: they name neither a title nor a key that is resolved.
    """
    text = first_text((fields.get(name) for name in ("text", "message", "body")), MAX_TEXT)
    title = as_text(fields.get("title"), MAX_TITLE) or text.partition("\n")[0].strip()[:MAX_TITLE]
    status = _status(fields, options)
    written_key = as_key(as_text(fields.get("key"), MAX_TEXT))
    closes = status in (AlertStatus.RESOLVED, AlertStatus.ACKNOWLEDGED)
    if not title and not (written_key and closes):
        raise unknown_shape(fields, "a title, or a key with the status resolved")
    tag = _tag(fields)
    time = as_time(fields.get("at"), options.timezone)
    return Incoming(
        key=written_key or digest(f"{title}\n{tag}")[:32],
        status=status,
        title=title or written_key,
        text="" if text == title else text,
        severity=_severity(fields),
        kind=as_text(fields.get("kind")),
        where=as_text(fields.get("where")),
        url=as_url((fields.get("url"),)),
        started_at=None if status is AlertStatus.RESOLVED else time,
        ended_at=time if status is AlertStatus.RESOLVED else None,
        labels=as_labels(fields.get("labels")) | ({"tag": tag} if tag else {}),
        group=as_key(as_text(fields.get("group"), MAX_TEXT)) or None,
        receiver=as_text(fields.get("to")) or None,
        has_end=bool(written_key) or options.success_resolves,
    )


def _status(fields: Mapping[str, Any], options: ParseOptions) -> AlertStatus:
    """The status; a word that is not known is an alert, so that it is not missed."""
    if as_text(fields.get("type")).casefold() == SUCCESS and options.success_resolves:
        return AlertStatus.RESOLVED
    return STATUSES.get(as_text(fields.get("status")).casefold(), AlertStatus.FIRING)


def _severity(fields: Mapping[str, Any]) -> AlertSeverity | None:
    written = as_severity(fields.get("severity"))
    return _TYPES.get(as_text(fields.get("type")).casefold()) if written is None else written


def _tag(fields: Mapping[str, Any]) -> str:
    """The tags that Apprise was called with, as one label."""
    for name in ("tag", "tags"):
        value = fields.get(name)
        words = value if isinstance(value, list) else [value]
        texts = [text for one in words[:16] if (text := as_text(one))]
        if texts:
            return as_text(",".join(texts))
    return ""
