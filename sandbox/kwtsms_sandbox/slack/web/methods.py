"""The table of all methods: handler, scopes, rate limit and tokens of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.web import chat, directory, files, functions, views
from kwtsms_sandbox.slack.web.rate_limits import Tier
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace

Run = Callable[[Workspace, Call], Json]


class TokenKind(StrEnum):
    """Kind of token, by its prefix."""

    BOT = "xoxb"
    APP = "xapp"
    STEP = "xwfp"


@dataclass(frozen=True, slots=True)
class Method:
    """Method of the Web API."""

    run: Run
    scopes: tuple[str, ...] = ()  # One of them is needed.
    tier: Tier = Tier.T3
    tokens: frozenset[TokenKind] = frozenset({TokenKind.BOT, TokenKind.STEP})


_CHAT = ("chat:write",)
_WHERE = ("channels:read", "groups:read", "im:read", "mpim:read")
_GROUPS = ("usergroups:read",)

METHODS: Mapping[str, Method] = {
    "auth.test": Method(directory.auth_test, tier=Tier.FREE),
    "chat.postMessage": Method(chat.post_message, _CHAT, Tier.POST),
    "chat.postEphemeral": Method(chat.post_ephemeral, _CHAT, Tier.T4),
    "chat.update": Method(chat.update, _CHAT, Tier.T3),
    "chat.delete": Method(chat.delete, _CHAT, Tier.T3),
    "conversations.open": Method(directory.conversations_open, ("im:write", "channels:manage")),
    "conversations.info": Method(directory.conversations_info, _WHERE),
    "conversations.members": Method(directory.conversations_members, _WHERE, Tier.T4),
    "conversations.list": Method(directory.conversations_list, _WHERE, Tier.T2),
    "users.list": Method(directory.users_list, ("users:read",), Tier.T2),
    "users.info": Method(directory.users_info, ("users:read",), Tier.T4),
    "users.profile.get": Method(directory.users_profile, ("users.profile:read",), Tier.T4),
    "usergroups.list": Method(directory.usergroups_list, _GROUPS, Tier.T2),
    "usergroups.users.list": Method(directory.usergroups_users, _GROUPS, Tier.T2),
    "usergroups.users.update": Method(
        directory.usergroups_update_users, ("usergroups:write",), Tier.T2
    ),
    "views.open": Method(views.views_open, tier=Tier.T4),
    "views.push": Method(views.views_push, tier=Tier.T4),
    "views.update": Method(views.views_update, tier=Tier.T4),
    "views.publish": Method(views.views_publish, tier=Tier.T4),
    "functions.completeSuccess": Method(functions.complete_success),
    "functions.completeError": Method(functions.complete_error),
    "files.getUploadURLExternal": Method(files.get_upload_url, ("files:write",), Tier.T4),
    "files.completeUploadExternal": Method(files.complete_upload, ("files:write",), Tier.T4),
}
