"""The preview of a message, and the reasons to confirm it before it is sent. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from kwtsms_bot.config import Limits
from kwtsms_client import MessageReport, Phone, find_country_code
from kwtsms_client.text_rules.characters import DIGIT

DUPLICATE_WINDOW = timedelta(seconds=60)  # A repeat within it has to be confirmed.


class ConfirmReason(StrEnum):
    """Reason why the author has to confirm a message."""

    MANY = "many"
    COSTLY = "costly"
    ABROAD = "abroad"
    PROFILE = "profile"  # A number that somebody typed into their own Slack profile.
    REPEATED = "repeated"
    INCOMPLETE = "incomplete"  # Some of the recipients are left out.
    CHANGED = "changed"  # The phone will not show all that was written.
    SHORTCODE = "shortcode"  # It will show the name of an emoji that only this workspace has.
    BORDERLINE = "borderline"  # It may be a page too long for kwtSMS.
    SAVES_PAGES = "spare"  # Plain quotes and dashes would take fewer pages.
    NAMESAKE = "namesake"  # A Slack user has the same name as a contact.
    UNCLEAR = "unclear"  # Recipients and text can be split in more than one way.
    DISGUISED = "disguised"  # A number may be shown otherwise than it is read.
    ADDS_UP = "adds_up"  # With those of the last hour, a second person has to approve it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Message as it would be sent, with what is known of its recipients."""

    report: MessageReport = field(repr=False)
    recipients: tuple[Phone, ...] = field(repr=False)
    problems: tuple[str, ...] = field(default=(), repr=False)  # A sentence for each one left out.
    uncovered: tuple[Phone, ...] = field(default=(), repr=False)  # Left out: kwtSMS has no route.
    duplicates: int = 0
    cooling_down: int = 0  # Numbers in their cooldown of 15 s: sent to after it ends.
    from_profiles: bool = False
    names: Mapping[Phone, str] = field(default_factory=dict, repr=False)  # Of numbers not typed.
    masked: bool = False  # Which numbers were typed is no longer known.
    namesakes: tuple[str, ...] = ()
    repeated: bool = False
    unclear: bool = False
    disguised: bool = False
    adds_up: bool = False
    test: bool = False
    balance: Decimal | None = None

    @property
    def credits(self) -> int:
        """The estimated price, pages times numbers; kwtSMS's own price may differ abroad."""
        return self.report.pages * len(self.recipients)


def refused_countries(recipients: tuple[Phone, ...], limits: Limits) -> tuple[str, ...]:
    """The country codes of the recipients that the limits do not allow."""
    if "all" in limits.countries:
        return ()
    refused = (one for one in recipients if not one.startswith(limits.countries))
    return tuple(sorted({find_country_code(one) or one[:3] for one in refused}))


def confirm_reasons(
    preview: Preview, limits: Limits, home_country: str
) -> tuple[ConfirmReason, ...]:
    """The reasons why the author has to confirm the message; empty if it can go at once."""
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
        ConfirmReason.SHORTCODE: bool(preview.report.shortcodes),
        ConfirmReason.BORDERLINE: preview.report.borderline,
        ConfirmReason.SAVES_PAGES: preview.report.plainer is not None,
        ConfirmReason.NAMESAKE: bool(preview.namesakes),
        ConfirmReason.UNCLEAR: preview.unclear,
        ConfirmReason.DISGUISED: preview.disguised,
        ConfirmReason.ADDS_UP: preview.adds_up,
    }
    return tuple(reason for reason, present in applies.items() if present)


def needs_approval(credits_needed: int, limits: Limits) -> bool:
    """Whether a second person has to approve a message of this price."""
    return limits.approve_credits is not None and credits_needed >= limits.approve_credits
