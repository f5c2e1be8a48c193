"""functions.completeSuccess and functions.completeError: the end of a workflow step."""

from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace


def complete_success(space: Workspace, call: Call) -> Json:
    """Answers functions.completeSuccess."""
    space.steps.complete(call.require("function_execution_id"), call.args.get("outputs") or {})
    return {}


def complete_error(space: Workspace, call: Call) -> Json:
    """Answers functions.completeError."""
    space.steps.fail(call.require("function_execution_id"), call.require("error"))
    return {}
