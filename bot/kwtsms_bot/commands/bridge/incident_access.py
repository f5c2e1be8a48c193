"""Decides who may act on incidents: senders, and contacts on what they were texted about.

A contact is recognised by the Slack user in the phone book, not by a name that people choose.
"""

from collections.abc import Collection

from kwtsms_bot.commands.base import CommandContext
from kwtsms_bot.commands.policy import Permission, Person, allows


def is_contact(context: CommandContext, person: Person) -> bool:
    """Whether somebody in the phone book is this Slack user."""
    contacts = context.config.phonebook.contacts.values()
    return not person.deactivated and any(one.slack == person.user for one in contacts)


async def may_act(context: CommandContext, person: Person, refs: Collection[str]) -> bool:
    """Whether this person may acknowledge and resolve these incidents."""
    if allows(context.config.access, person, Permission.SEND):
        return True
    if context.incidents is None or not is_contact(context, person):
        return False
    wanted = {ref.upper() for ref in refs}
    return bool(wanted) and wanted <= await context.incidents.texted(person.user, wanted)
