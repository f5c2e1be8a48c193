"""What would be sent, and what there is to say about it before it is. Pure decisions over facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.config import Limits
from kwtsms_client import MessageReport, Phone, find_country_code
from kwtsms_client.text_report import DIGIT

DUPLICATE_WINDOW = timedelta(seconds=60)  # The same text to the same number is asked about.


class ConfirmReason(StrEnum):
    """A reason why its sender should look twice."""

    MANY = "many"
    COSTLY = "costly"
    ABROAD = "abroad"
    PROFILE = "profile"  # A number that somebody typed into their own Slack profile.
    REPEATED = "repeated"
    INCOMPLETE = "incomplete"  # Some of what was named is left out.
    CHANGED = "changed"  # The phone will not show all that was written.
    SAVES_PAGES = "spare"  # Plain quotes and dashes would take fewer pages.
    NAMESAKE = "namesake"  # Somebody in Slack has the name of a contact.
    UNCLEAR = "unclear"  # What was taken for the text may be a recipient, or the other way round.


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as it would be sent, and what is known of its recipients."""

    report: MessageReport = field(repr=False)
    recipients: tuple[Phone, ...] = field(repr=False)
    problems: tuple[str, ...] = field(default=(), repr=False)  # A sentence for each left out.
    uncovered: tuple[Phone, ...] = field(default=(), repr=False)  # Left out: no route there.
    duplicates: int = 0
    cooling_down: int = 0  # Numbers that were sent to within 15 s: theirs goes a little later.
    from_profiles: bool = False
    names: Mapping[Phone, str] = field(default_factory=dict, repr=False)  # Whose numbers they are.
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
    def balance_share(self) -> Decimal | None:
        """How much of the balance that is, in percent."""
        if not self.balance:
            return None
        return Decimal(self.credits) * 100 / self.balance


def refused_countries(recipients: tuple[Phone, ...], limits: Limits) -> tuple[str, ...]:
    """The country codes among the recipients that may not be sent to."""
    if "all" in limits.countries:
        return ()
    refused = (one for one in recipients if not one.startswith(limits.countries))
    return tuple(sorted({find_country_code(one) or one[:3] for one in refused}))


def confirm_reasons(
    preview: Preview, limits: Limits, home_country: str
) -> tuple[ConfirmReason, ...]:
    """Why this message is to be confirmed by its sender; nothing: it goes at once."""
    applies = {
        ConfirmReason.MANY: len(preview.recipients) >= limits.confirm_recipients,
        ConfirmReason.COSTLY: preview.credits >= limits.confirm_credits,
        ConfirmReason.ABROAD: any(
            find_country_code(one) != home_country for one in preview.recipients
        ),
        ConfirmReason.PROFILE: preview.from_profiles,
        ConfirmReason.REPEATED: preview.repeated,
        ConfirmReason.INCOMPLETE: bool(preview.problems or preview.uncovered),
        ConfirmReason.CHANGED: any(one.kind != DIGIT for one in preview.report.changes),
        ConfirmReason.SAVES_PAGES: preview.report.plainer is not None,
        ConfirmReason.NAMESAKE: bool(preview.namesakes),
        ConfirmReason.UNCLEAR: preview.unclear,
    }
    return tuple(reason for reason, present in applies.items() if present)


def needs_approval(credits_needed: int, limits: Limits) -> bool:
    """Whether a second person has to say yes."""
    return limits.approve_credits is not None and credits_needed >= limits.approve_credits
