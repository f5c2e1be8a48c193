"""Every SQL statement of the outbox. SQLAlchemy stops here; facts go in and out."""

from kwtsms_bot.outbox.store.accepting import Accepting
from kwtsms_bot.outbox.store.admitting import Accepted, KeyReused
from kwtsms_bot.outbox.store.audit import Audit, AuditEntry, By
from kwtsms_bot.outbox.store.cancelling import Cancelling, TakenBack
from kwtsms_bot.outbox.store.claiming import Claiming
from kwtsms_bot.outbox.store.deciding import Deciding
from kwtsms_bot.outbox.store.dispatching import Dispatching
from kwtsms_bot.outbox.store.drafts import Drafting
from kwtsms_bot.outbox.store.erasing import Erasing
from kwtsms_bot.outbox.store.evidence import Examining
from kwtsms_bot.outbox.store.following import Following
from kwtsms_bot.outbox.store.forgetting import Forgetting, Forgotten
from kwtsms_bot.outbox.store.holding import Holding
from kwtsms_bot.outbox.store.pace import INTERVAL, DatabasePacer, QuestionTurns
from kwtsms_bot.outbox.store.reading import Reading
from kwtsms_bot.outbox.store.showing import Showing
from kwtsms_bot.outbox.store.switches import Pause, Paused, Switches
from kwtsms_bot.outbox.store.takeover import TakingOver

__all__ = [
    "INTERVAL",
    "Accepted",
    "Audit",
    "AuditEntry",
    "By",
    "DatabasePacer",
    "Forgotten",
    "KeyReused",
    "Pause",
    "Paused",
    "QuestionTurns",
    "Store",
    "TakenBack",
]


class Store(
    Accepting,
    Drafting,
    Reading,
    Showing,
    Claiming,
    Dispatching,
    TakingOver,
    Holding,
    Examining,
    Deciding,
    Cancelling,
    Following,
    Erasing,
    Forgetting,
    Switches,
):
    """The outbox in its database."""
