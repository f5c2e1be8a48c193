"""What would be sent, and what there is to say about it before it is. Pure decisions over facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.config import Limits
from kwtsms_client import MessageReport, Phone, find_country_code
from kwtsms_client.report import DIGIT

SAME_WITHIN = timedelta(seconds=60)  # The same text to the same number is asked about.


class Doubt(StrEnum):
    """A reason why its sender should look twice."""

    MANY = "many"
    COSTLY = "costly"
    ABROAD = "abroad"
    PROFILE = "profile"  # A number that somebody typed into their own Slack profile.
    REPEATED = "repeated"
    INCOMPLETE = "incomplete"  # Some of what was named is left out.
    CHANGED = "changed"  # The phone will not show all that was written.
    SPARE = "spare"  # Plain quotes and dashes would take fewer pages.
    NAMESAKE = "namesake"  # Somebody in Slack has the name of a contact.
    UNCLEAR = "unclear"  # What was taken for the text may be a recipient, or the other way round.


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be sent, and what is known of its recipients."""

    report: MessageReport = field(repr=False)
    recipients: tuple[Phone, ...] = field(repr=False)
    mistakes: tuple[str, ...] = field(default=(), repr=False)  # A sentence for each left out.
    uncovered: tuple[Phone, ...] = field(default=(), repr=False)  # Left out: no route there.
    duplicates: int = 0
    hot: int = 0  # Numbers that were sent to within 15 s: theirs goes a little later.
    from_profiles: bool = False
    named: Mapping[Phone, str] = field(default_factory=dict, repr=False)  # Whose numbers they are.
    masked: bool = False  # It is not known any more which of them were typed.
    namesakes: tuple[str, ...] = ()
    repeated: bool = False
    unclear: bool = False
    test: bool = False
    balance: Decimal | None = None

    @property
    def credits(self) -> int:
        """Pages times numbers: the local reckoning, kwtSMS's own figure may differ abroad."""
        return self.report.pages * len(self.recipients)

    @property
    def share(self) -> Decimal | None:
        """How much of the balance that is, in percent."""
        if not self.balance:
            return None
        return Decimal(self.credits) * 100 / self.balance


def countries_refused(recipients: tuple[Phone, ...], limits: Limits) -> tuple[str, ...]:
    """The country codes among the recipients that may not be sent to."""
    if "all" in limits.countries:
        return ()
    refused = (one for one in recipients if not one.startswith(limits.countries))
    return tuple(sorted({find_country_code(one) or one[:3] for one in refused}))


def doubts(preview: Preview, limits: Limits, home: str) -> tuple[Doubt, ...]:
    """Why this message is to be confirmed by its sender; nothing: it goes at once."""
    found = {
        Doubt.MANY: len(preview.recipients) >= limits.confirm_recipients,
        Doubt.COSTLY: preview.credits >= limits.confirm_credits,
        Doubt.ABROAD: any(find_country_code(one) != home for one in preview.recipients),
        Doubt.PROFILE: preview.from_profiles,
        Doubt.REPEATED: preview.repeated,
        Doubt.INCOMPLETE: bool(preview.mistakes or preview.uncovered),
        Doubt.CHANGED: any(one.kind != DIGIT for one in preview.report.changes),
        Doubt.SPARE: preview.report.plainer is not None,
        Doubt.NAMESAKE: bool(preview.namesakes),
        Doubt.UNCLEAR: preview.unclear,
    }
    return tuple(doubt for doubt, there in found.items() if there)


def needs_approval(credits_needed: int, limits: Limits) -> bool:
    """Whether a second person has to say yes."""
    return limits.approve_credits is not None and credits_needed >= limits.approve_credits
