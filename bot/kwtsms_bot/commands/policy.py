"""Who may do what: pure decisions over ids. Nobody may do anything that is not granted."""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.config import Access, Grant


class Permission(StrEnum):
    """A kind of deed that a role allows."""

    HELP = "help"
    READ = "read"
    SEND = "send"
    BULK = "bulk"
    APPROVE = "approve"
    ADMIN = "admin"


# The roles that allow an action; a role that allows more is listed wherever it allows less.
ROLES: dict[Permission, tuple[str, ...]] = {
    Permission.READ: ("reader", "sender", "bulk", "admin"),
    Permission.SEND: ("sender", "bulk", "admin"),
    Permission.BULK: ("bulk", "admin"),
    Permission.APPROVE: ("bulk", "admin"),
    Permission.ADMIN: ("admin",),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, by ids only: names can be changed by anybody."""

    user: str
    channel: str
    team: str = ""
    groups: frozenset[str] = frozenset()
    outsider: bool = False  # A guest, somebody of another workspace, or not known to be neither.
    known: bool = True  # False: Slack does not say who this is.


def allows(access: Access, person: Person, permission: Permission) -> bool:
    """Whether `person` may do `action`; help tells nothing and costs nothing, so anybody may."""
    if permission is Permission.HELP:
        return True
    return any(_is_granted(getattr(access, role), person) for role in ROLES[permission])


def _is_granted(grant: Grant, person: Person) -> bool:
    """Outsiders share channels with us; so they hold only what their own id was given."""
    if person.user in grant.users:
        return True
    if person.outsider:
        return False
    return person.channel in grant.channels or not person.groups.isdisjoint(grant.groups)
