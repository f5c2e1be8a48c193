"""The workspace of the demo and the tests. All people in it are invented."""

from kwtsms_sandbox.slack.directory import Directory
from kwtsms_sandbox.slack.models import BOT_USER_ID, SLACKBOT_ID, Channel, User, UserGroup

BOT = User(BOT_USER_ID, "sms_bridge", "SMS Bridge", is_bot=True)
SLACKBOT = User(SLACKBOT_ID, "slackbot", "Slackbot", is_bot=True)
SARA = User("U00000SARA", "sara", "Sara Ahmad", phone="+965 9876 5432", email="sara@example.com")
NOURA = User("U0000NOURA", "noura", "نورة العتيبي", locale="ar", phone="٠٠٩٦٥ ٥٥٥٠ ٠١٠٠")
YOUSEF = User("U000YOUSEF", "yousef", "Yousef Haddad", phone="6655 0199", is_admin=True)
GUEST = User("U0000GUEST", "tim", "Tim Visitor", is_restricted=True)
STRANGER = User("U0STRANGER", "lena", "Lena Partner", team_id="T0PARTNERS")
PEOPLE = (SARA, NOURA, YOUSEF, GUEST, STRANGER)

_STAFF = frozenset({SARA.id, NOURA.id, YOUSEF.id})
GENERAL = Channel("C00GENERAL", "general", _STAFF | {GUEST.id, BOT.id})
OPS = Channel("C0000000OP", "ops", _STAFF | {BOT.id})
ALERTS = Channel("C0000ALERT", "alerts", _STAFF | {BOT.id})
RANDOM = Channel("C0000RANDO", "random", _STAFF)  # The bot was never invited.
PARTNERS = Channel("C000SHARED", "partners", _STAFF | {STRANGER.id, BOT.id}, is_ext_shared=True)
CHANNELS = (GENERAL, OPS, ALERTS, RANDOM, PARTNERS)

ON_CALL = UserGroup("S000ONCALL", "oncall", "On call", (SARA.id, NOURA.id))


def demo_directory() -> Directory:
    """Returns a small company in Kuwait: three colleagues, a guest, a partner and the bot."""
    return Directory([BOT, SLACKBOT, *PEOPLE], CHANNELS, [ON_CALL])
