"""The title of a drill, in the language of its receiver. Pure."""

from datetime import datetime

from kwtsms_bot.bridge.render.message import AUTO
from kwtsms_bot.bridge.render.phrases import fill
from kwtsms_bot.config.bridge_receivers import ReceiverSettings
from kwtsms_bot.i18n.translator import N_, Language, language
from kwtsms_bot.kuwait_time import KUWAIT_TZ

TITLE = N_("Press Acknowledge in Slack by {time}")


def drill_title(ends_at: datetime, receiver: ReceiverSettings, bot: Language) -> str:
    """Returns the title, with Kuwait's time until which to acknowledge."""
    say = bot if receiver.language == AUTO else language(receiver.language)
    return fill(say, TITLE, time=f"{ends_at.astimezone(KUWAIT_TZ):%H:%M}")
