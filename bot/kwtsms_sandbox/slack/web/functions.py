"""functions.completeSuccess and functions.completeError: how a workflow step ends."""

from kwtsms_sandbox.slack.people import Json
from kwtsms_sandbox.slack.workspace import Workspace

from .call import Call


def complete_success(space: Workspace, call: Call) -> Json:
    """functions.completeSuccess."""
    space.steps.complete(call.require("function_execution_id"), call.args.get("outputs") or {})
    return {}


def complete_error(space: Workspace, call: Call) -> Json:
    """functions.completeError."""
    space.steps.fail(call.require("function_execution_id"), call.require("error"))
    return {}
