"""views.*: forms and App Home.

https://docs.slack.dev/reference/methods?family=views
"""

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.triggers import Trigger
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace


def views_open(space: Workspace, call: Call) -> Json:
    """Answers views.open: works once, within 3 s of what the user did."""
    view = space.modals.open(_trigger(space, call), call.args.get("view"))
    return {"view": view.payload()}


def views_push(space: Workspace, call: Call) -> Json:
    """Answers views.push: adds a modal on top of the one the user just used."""
    view = space.modals.push(_trigger(space, call), call.args.get("view"))
    return {"view": view.payload()}


def views_update(space: Workspace, call: Call) -> Json:
    """Answers views.update, by view_id or external_id, while the view is open."""
    view_id = call.text("view_id") or call.require("external_id")
    expected = call.text("hash") or None
    view = space.modals.update(view_id, call.args.get("view"), expected_hash=expected)
    return {"view": view.payload()}


def views_publish(space: Workspace, call: Call) -> Json:
    """Answers views.publish: publishes a user's App Home."""
    user = space.directory.users.get(call.require("user_id"))
    if user is None:
        raise Refused("user_not_found")
    expected = call.text("hash") or None
    view = space.modals.publish(user.id, call.args.get("view"), expected_hash=expected)
    return {"view": view.payload()}


def _trigger(space: Workspace, call: Call) -> Trigger:
    return space.triggers.exchange(call.text("trigger_id") or call.require("interactivity_pointer"))
