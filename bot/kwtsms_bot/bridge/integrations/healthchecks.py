"""Healthchecks' webhook, with the template of docs/bridge.md as its body.

Healthchecks sends no body of its own: a person types one, in which placeholders are replaced.
https://github.com/healthchecks/healthchecks/blob/master/hc/integrations/webhook/transport.py
"""

from collections.abc import Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.body import is_form, read_form, read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TITLE,
    as_key,
    as_mapping,
    as_text,
    as_time,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.titles import state_title
from kwtsms_bot.bridge.models import AlertBatch, AlertStatus, Incoming

UP, DOWN = "up", "down"
TEST_NAME = "TEST"  # The name of the check that the button *Test* makes up.


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads the state of one check.

    Raises:
        WebhookRefused: the body names no check, or no state.
    """
    body = _read(request)
    check = as_mapping(body.get("check"))
    status = first_text((body.get("status"), check.get("status"))).casefold()
    name = first_text((body.get("name"), check.get("name"), check.get("slug")), MAX_TITLE)
    code = first_text((body.get("code"), body.get("uuid"), check.get("uuid")))
    if not (name or code) or not status:
        raise unknown_shape(body, "name, status and code")
    if status not in (UP, DOWN):
        return AlertBatch((), ignored=1)
    up = status == UP
    time = as_time(body.get("now"), options.timezone)
    return AlertBatch(
        (
            Incoming(
                key=as_key(code or name),
                status=AlertStatus.RESOLVED if up else AlertStatus.FIRING,
                title=state_title(name or code, up=up),
                text=_text(body),
                kind=name,
                where=first_text((body.get("slug"), check.get("slug"))),
                started_at=None if up else time,
                ended_at=time if up else None,
                labels=_labels(body, check),
                test=name == TEST_NAME,
            ),
        )
    )


def _read(request: WebhookRequest) -> Mapping[str, Any]:
    if is_form(request):
        return read_form(request).fields
    return read_object(request) if request.body else request.query


def _text(body: Mapping[str, Any]) -> str:
    """The exit code of the job, if it failed by one."""
    code = as_text(body.get("exitstatus"))
    return f"exit {code}" if code.isdecimal() and code != "0" else ""


def _labels(body: Mapping[str, Any], check: Mapping[str, Any]) -> dict[str, str]:
    tags = first_text((body.get("tags"), check.get("tags")))
    return {"tags": tags} if tags else {}
