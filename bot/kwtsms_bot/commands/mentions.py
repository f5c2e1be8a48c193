"""People among the facts of a reply, as mentions. Reads names from the workspace only."""

import re

from kwtsms_bot.commands.base import CommandContext, UserMention
from kwtsms_bot.i18n.translator import Language

MAX_ADMINS = 3  # Named in a reply.
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,40}")


async def mention(context: CommandContext, user: str) -> UserMention:
    """Returns a mention of a user: a name alone can be anybody's."""
    return UserMention(await context.users.name(user), user)


async def mention_actor(context: CommandContext, actor: str) -> str:
    """Returns a mention if a user acted; else the name of the integration that did."""
    return await mention(context, actor) if _USER_ID.fullmatch(actor) else actor


async def admin_facts(context: CommandContext, say: Language) -> tuple[tuple[str, str], ...]:
    """Returns the first admins that config.yaml names, for a reply that says to ask one."""
    users = context.config.access.admin.users[:MAX_ADMINS]
    return tuple([(say("Admin"), await mention(context, user)) for user in users])
