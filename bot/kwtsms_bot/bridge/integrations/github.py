"""GitHub's webhook about runs of workflows.

https://docs.github.com/en/webhooks/webhook-events-and-payloads#workflow_run
"""

import re
from collections.abc import Mapping
from typing import Any

from kwtsms_bot.bridge.integrations.body import (
    is_form,
    parse_json,
    read_form,
    read_object,
    unknown_shape,
)
from kwtsms_bot.bridge.integrations.fields import (
    MAX_TEXT,
    MAX_TITLE,
    as_key,
    as_labels,
    as_mapping,
    as_text,
    as_time,
    as_url,
    first_text,
)
from kwtsms_bot.bridge.integrations.request import ParseOptions, WebhookRequest
from kwtsms_bot.bridge.integrations.titles import by_script
from kwtsms_bot.bridge.models import AlertBatch, AlertStatus, Incoming

EVENT = "x-github-event"
_RUN, _PING, _COMPLETED, _SUCCESS = "workflow_run", "ping", "completed", "success"
# Cancelled, skipped and neutral runs neither begin nor end anything.
_FAILURES = {
    "failure": ("failed", "فشل"),
    "timed_out": ("timed out", "تجاوز المهلة"),
    "startup_failure": ("could not start", "تعذر بدء التشغيل"),
}
_SUCCESS_WORDS = ("succeeded", "نجح")


def parse(request: WebhookRequest, options: ParseOptions) -> AlertBatch:
    """Reads the end of a run; other events, and runs of other branches, are ignored.

    Raises:
        WebhookRefused: the body is of no event.
    """
    body = _read(request)
    run, repository = as_mapping(body.get(_RUN)), as_mapping(body.get("repository"))
    event = request.header(EVENT) or (_PING if "zen" in body else _RUN if run else "")
    if not event:
        raise unknown_shape(body, "workflow_run and repository")
    if event != _RUN or as_text(body.get("action")) != _COMPLETED:
        return AlertBatch((), ignored=1)
    conclusion = as_text(run.get("conclusion"))
    if not (run and repository):
        raise unknown_shape(body, "workflow_run and repository")
    if conclusion not in (*_FAILURES, _SUCCESS) or not _is_watched(run, repository, options):
        return AlertBatch((), ignored=1)
    return AlertBatch((_to_incoming(run, repository, conclusion),))


def _read(request: WebhookRequest) -> Mapping[str, Any]:
    """The JSON of the body, or of the field `payload` of a form, which is GitHub's default."""
    if not is_form(request):
        return read_object(request)
    fields = read_form(request).fields
    return as_mapping(parse_json(fields["payload"])) if "payload" in fields else fields


def _is_watched(
    run: Mapping[str, Any], repository: Mapping[str, Any], options: ParseOptions
) -> bool:
    """Whether the run is of the repository itself, on a branch that is configured."""
    own = as_text(repository.get("full_name"))
    head = as_mapping(run.get("head_repository", repository)).get("full_name")
    if as_text(head) != own:  # A fork's `main` is not ours; a fork that is deleted is null.
        return False
    branch = as_text(run.get("head_branch"))
    if not options.branches:
        return branch == as_text(repository.get("default_branch"))
    return any(_matches(branch, pattern) for pattern in options.branches)


def _matches(branch: str, pattern: str) -> bool:
    """Whether a branch matches a pattern, which has one `*` at most."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), branch) is not None


def _to_incoming(
    run: Mapping[str, Any], repository: Mapping[str, Any], conclusion: str
) -> Incoming:
    name = first_text((run.get("name"), run.get("path"), run.get("workflow_id")))
    branch, place = as_text(run.get("head_branch")), as_text(repository.get("full_name"))
    ended, time = conclusion == _SUCCESS, as_time(run.get("updated_at"))
    latin, arabic = _SUCCESS_WORDS if ended else _FAILURES[conclusion]
    name = name or "Workflow"
    return Incoming(
        key=as_key(place, first_text((run.get("workflow_id"), name)), branch),
        status=AlertStatus.RESOLVED if ended else AlertStatus.FIRING,
        title=by_script(name, f"{name} {latin} on {branch}", f"{name}: {arabic} على {branch}")[
            :MAX_TITLE
        ],
        text=first_text((run.get("display_title"),), MAX_TEXT),
        kind=name,
        where=place,
        url=as_url((run.get("html_url"), repository.get("html_url"))),
        started_at=None if ended else time,
        ended_at=time if ended else None,
        labels=as_labels(
            {"repository": place, "branch": branch, "workflow": name, "event": run.get("event")}
        ),
    )
