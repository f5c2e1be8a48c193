"""conversations.*, users.*, usergroups.*, auth.test: people and channels, as an app sees them."""

from dataclasses import replace
from typing import Any

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.models import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    ORG_ID,
    Channel,
    ChannelKind,
    Json,
    User,
    UserGroup,
)
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace

MAX_PAGE = 1000
SCOPE_OF_KIND = {
    "public_channel": "channels:read",
    "private_channel": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


def auth_test(space: Workspace, call: Call) -> Json:  # noqa: ARG001  every method has these two
    """Answers auth.test."""
    team, org_wide = space.directory.team, space.manifest.org_wide
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "team_id": ORG_ID if org_wide else team.id,
        "enterprise_id": ORG_ID if org_wide else None,
        "user": space.directory.users[BOT_USER_ID].name,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": org_wide,
    }


def conversations_open(space: Workspace, call: Call) -> Json:
    """Answers conversations.open: opens the direct message with one user."""
    users = [user for user in call.require("users").split(",") if user]
    known = [user for user in users if user in space.directory.users]
    if not known or len(known) < len(users):
        raise Refused("user_not_found")
    if len(known) > 1:
        raise Refused("not_supported")  # The sandbox has no group messages.
    channel = space.directory.dm(known[0])
    return {"channel": {"id": channel.id}}


def conversations_info(space: Workspace, call: Call) -> Json:
    """Answers conversations.info."""
    return {"channel": channel_payload(space, _visible_channel(space, call))}


def conversations_members(space: Workspace, call: Call) -> Json:
    """Answers conversations.members."""
    channel = _visible_channel(space, call)
    return {"members": sorted(channel.members), "response_metadata": {"next_cursor": ""}}


def conversations_list(space: Workspace, call: Call) -> Json:
    """Answers conversations.list: each kind of channel needs its own scope."""
    wanted = set((call.text("types") or "public_channel").split(","))
    for kind in sorted(wanted):
        _require_scope(space, SCOPE_OF_KIND.get(kind, ""))
    listed = [
        channel
        for channel in space.directory.channels.values()
        if _listed_kind(space, channel) in wanted
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    return _page(call, "channels", [channel_payload(space, one) for one in listed])


def users_info(space: Workspace, call: Call) -> Json:
    """Answers users.info."""
    locale = call.flag("include_locale")
    return {"user": user_payload(space, _user(space, call), with_locale=locale)}


def users_list(space: Workspace, call: Call) -> Json:
    """Answers users.list: everybody, also bots and deactivated people."""
    users = space.directory.users.values()
    return _page(call, "members", [user_payload(space, one) for one in users])


def users_profile(space: Workspace, call: Call) -> Json:
    """Answers users.profile.get."""
    return {"profile": _profile(space, _user(space, call))}


def usergroups_list(space: Workspace, call: Call) -> Json:
    """Answers usergroups.list; paid plans only."""
    _require_paid_plan(space)
    with_users = call.flag("include_users")
    groups = space.directory.groups.values()
    return {"usergroups": [_group_payload(group, with_users=with_users) for group in groups]}


def usergroups_users(space: Workspace, call: Call) -> Json:
    """Answers usergroups.users.list; paid plans only."""
    _require_paid_plan(space)
    group = space.directory.groups.get(call.require("usergroup"))
    if group is None:
        raise Refused("no_such_subteam")
    return {"users": list(group.users)}


def usergroups_update_users(space: Workspace, call: Call) -> Json:
    """Answers usergroups.users.update, which replaces all members; paid plans only."""
    _require_paid_plan(space)
    group = space.directory.groups.get(call.require("usergroup"))
    users = tuple(dict.fromkeys(call.require("users").split(",")))
    if group is None:
        raise Refused("no_such_subteam")
    if not {*users} <= {*space.directory.users}:
        raise Refused("invalid_users")
    changed = replace(group, users=users)
    space.directory.put_group(changed)
    return {"usergroup": _group_payload(changed, with_users=True)}


def _page(call: Call, name: str, items: list[dict[str, Any]]) -> Json:
    """The page of a list that `cursor` and `limit` ask for; all of it without a limit."""
    begin, limit = call.text("cursor") or "0", call.text("limit") or str(len(items) or 1)
    if not begin.isdecimal():
        raise Refused("invalid_cursor")
    if not (limit.isdecimal() and 1 <= int(limit) <= MAX_PAGE):
        raise Refused("invalid_limit")
    end = int(begin) + int(limit)
    cursor = str(end) if end < len(items) else ""
    return {name: items[int(begin) : end], "response_metadata": {"next_cursor": cursor}}


def _require_scope(space: Workspace, scope: str) -> None:
    granted = space.manifest.scopes
    if not scope:
        raise Refused("invalid_types")
    if granted is not None and scope not in granted:
        raise Refused("missing_scope", needed=scope, provided=",".join(sorted(granted)))


def _listed_kind(space: Workspace, channel: Channel) -> str:
    """The kind by which conversations.list finds a channel; "" if the app doesn't see it."""
    if channel.kind is ChannelKind.PUBLIC:
        return "public_channel"
    is_visible = channel.kind is ChannelKind.PRIVATE and space.bot_is_in(channel)
    return "private_channel" if is_visible else ""


def _require_paid_plan(space: Workspace) -> None:
    if not space.manifest.paid_plan:
        raise Refused("plan_upgrade_required")


def _user(space: Workspace, call: Call) -> User:
    user = space.directory.users.get(call.require("user"))
    if user is None:
        raise Refused("user_not_found")
    return user


def _visible_channel(space: Workspace, call: Call) -> Channel:
    channel = space.directory.channels.get(call.require("channel"))
    hidden = channel and channel.kind is not ChannelKind.PUBLIC and not space.bot_is_in(channel)
    if channel is None or hidden:
        raise Refused("channel_not_found")
    return channel


def channel_payload(space: Workspace, channel: Channel) -> dict[str, Any]:
    """The conversation object of a channel."""
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": channel.kind is ChannelKind.PUBLIC,
        "is_private": channel.kind is not ChannelKind.PUBLIC,
        "is_im": channel.kind is ChannelKind.DM,
        "is_archived": channel.is_archived,
        "is_ext_shared": channel.is_ext_shared,
        "is_member": space.bot_is_in(channel),
        "num_members": len(channel.members),
    }


def user_payload(space: Workspace, user: User, *, with_locale: bool = False) -> dict[str, Any]:
    """The user object."""
    locale = {"locale": user.locale} if with_locale else {}
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_admin": user.is_admin,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": False,
        "is_stranger": user.is_stranger,
        "tz": "Asia/Kuwait",
        "profile": _profile(space, user),
        **locale,
    }


def _profile(space: Workspace, user: User) -> dict[str, Any]:
    """The profile object; the e-mail address takes a scope of its own."""
    granted = space.manifest.scopes
    email = {"email": user.email} if granted is None or "users:read.email" in granted else {}
    return {
        "real_name": user.real_name,
        "display_name": user.name,
        "phone": user.phone,
        "team": user.team_id,
        **email,
    }


def _group_payload(group: UserGroup, *, with_users: bool) -> dict[str, Any]:
    users = {"users": list(group.users)} if with_users else {}
    facts = {"id": group.id, "handle": group.handle, "name": group.name}
    return {**facts, "user_count": len(group.users), "date_delete": 0, **users}
