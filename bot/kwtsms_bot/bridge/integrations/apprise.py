"""Apprise's json://, form:// and apprise://, and the clients of an Apprise API server.

https://github.com/caronc/apprise/wiki/Notify_Custom_JSON
"""

from collections.abc import Mapping
from typing import Any

from kwtsms_bot.bridge.integrations import native
from kwtsms_bot.bridge.integrations.body import (
    is_form,
    parse_json,
    read_form,
    read_object,
    unknown_shape,
)
from kwtsms_bot.bridge.integrations.fields import MAX_TITLE, as_text
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.models import AlertBatch, WebhookRefused


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads one notification; attachments are counted and discarded.

    Raises:
        WebhookRefused: there is neither a title nor a body.
    """
    if is_form(request):
        form = read_form(request)
        fields: Mapping[str, Any] = form.fields
        attachments = form.files
    else:
        fields = read_object(request)
        files = fields.get("attachments")
        attachments = len(files) if isinstance(files, list) else 0
    if not any(as_text(fields.get(name), MAX_TITLE) for name in ("title", "message", "body")):
        raise unknown_shape(fields, "a title, or a message or body")
    alert = native.to_incoming(_with_labels(fields), options)
    return AlertBatch((alert,), attachments=attachments)


def _with_labels(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, with labels that a form can only spell as JSON."""
    labels = fields.get("labels")
    if not isinstance(labels, str):
        return fields
    try:
        return {**fields, "labels": parse_json(labels)}
    except WebhookRefused:
        return fields
