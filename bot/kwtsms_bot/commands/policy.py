"""Permissions and the roles that grant them. Pure; anything not granted is refused."""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.config import Access, Grant


class Permission(StrEnum):
    """Permission that roles grant."""

    HELP = "help"
    READ = "read"
    SEND = "send"
    BULK = "bulk"
    APPROVE = "approve"
    ADMIN = "admin"


# The roles that grant each permission; a broader role is listed with every permission it includes.
ROLES: dict[Permission, tuple[str, ...]] = {
    Permission.READ: ("reader", "sender", "bulk", "admin"),
    Permission.SEND: ("sender", "bulk", "admin"),
    Permission.BULK: ("bulk", "admin"),
    Permission.APPROVE: ("bulk", "admin"),
    Permission.ADMIN: ("admin",),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Requester by ids only: names can be changed by anybody."""

    user: str
    channel: str
    team: str = ""
    groups: frozenset[str] = frozenset()
    outsider: bool = False  # A guest, a member of another workspace, or unknown.
    known: bool = True  # False: Slack did not return a profile.
    deactivated: bool = False  # Holds nothing, whatever their id was given.
    in_channel: bool = True  # False: left the channel, or Slack did not say.


def allows(access: Access, person: Person, permission: Permission) -> bool:
    """Whether `person` has `permission`; everybody has HELP, which reveals and costs nothing."""
    if permission is Permission.HELP:
        return True
    if person.deactivated:
        return False
    return any(_is_granted(getattr(access, role), person) for role in ROLES[permission])


def _is_granted(grant: Grant, person: Person) -> bool:
    """Whether a grant covers a person; outsiders share our channels, so only their id counts."""
    if person.user in grant.users:
        return True
    if person.outsider:
        return False
    has_channel_role = person.in_channel and person.channel in grant.channels
    return has_channel_role or not person.groups.isdisjoint(grant.groups)
