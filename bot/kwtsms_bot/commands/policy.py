"""Who may do what: pure decisions over ids. Nobody may do anything that is not granted."""

from dataclasses import dataclass
from enum import StrEnum

from kwtsms_bot.config import Access, Grant


class Action(StrEnum):
    """A kind of deed that a role allows."""

    HELP = "help"
    READ = "read"
    SEND = "send"
    BULK = "bulk"
    APPROVE = "approve"
    ADMIN = "admin"


# The roles that allow an action; a role that allows more is listed wherever it allows less.
ROLES: dict[Action, tuple[str, ...]] = {
    Action.READ: ("reader", "sender", "bulk", "admin"),
    Action.SEND: ("sender", "bulk", "admin"),
    Action.BULK: ("bulk", "admin"),
    Action.APPROVE: ("bulk", "admin"),
    Action.ADMIN: ("admin",),
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


def allows(access: Access, person: Person, action: Action) -> bool:
    """Whether `person` may do `action`; help tells nothing and costs nothing, so anybody may."""
    if action is Action.HELP:
        return True
    return any(_holds(getattr(access, role), person) for role in ROLES[action])


def _holds(grant: Grant, person: Person) -> bool:
    """Outsiders share channels with us; so they hold only what their own id was given."""
    if person.user in grant.users:
        return True
    if person.outsider:
        return False
    return person.channel in grant.channels or not person.groups.isdisjoint(grant.groups)
