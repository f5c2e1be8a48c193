"""The scope and the budgets of each application, from the configuration. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from kwtsms_bot.config import Config
from kwtsms_bot.config.bridge_api import ApiSettings
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_client import find_country_code

ALL_COUNTRIES = "all"
AUTHOR_PREFIX = "api:"


@dataclass(frozen=True, slots=True)
class ApiTerms:
    """The terms of one application: its scope and its budgets."""

    name: str
    sender_ids: tuple[str, ...]  # The first is used if a request names none.
    countries: tuple[str, ...]
    most_recipients: int
    credits_per_day: int
    per_number_per_hour: int
    may_be_urgent: bool
    channel: str | None
    default_country: str
    bulk_from: int  # So many recipients make a message a bulk message.
    longest_wait: timedelta  # Until a message expires.
    test: bool
    numbers: frozenset[str] | None = field(repr=False)  # The only ones; None: any.
    phonebook: Phonebook | None = field(default=None, repr=False)  # None: it may name nobody.

    @property
    def author(self) -> str:
        """The author of its messages in the ledger; also the name of its budget."""
        return f"{AUTHOR_PREFIX}{self.name}"

    def allows_country(self, phone: str) -> bool:
        """Whether it may send to the country of a number."""
        return ALL_COUNTRIES in self.countries or phone.startswith(self.countries)


def make_terms(config: Config) -> Mapping[str, ApiTerms]:
    """Returns the terms of all applications, by name."""
    api = config.bridge.api if config.bridge else {}
    return {name: _terms(name, settings, config) for name, settings in api.items()}


def _terms(name: str, settings: ApiSettings, config: Config) -> ApiTerms:
    return ApiTerms(
        name=name,
        sender_ids=settings.sender_ids or (config.kwtsms.sender_id,),
        countries=settings.countries or config.limits.countries,
        most_recipients=settings.recipients,
        credits_per_day=settings.credits_per_day,
        per_number_per_hour=settings.per_number_per_hour,
        may_be_urgent=settings.urgent,
        channel=settings.channel,
        default_country=config.kwtsms.default_country,
        bulk_from=config.access.bulk_from,
        longest_wait=config.outbox.expires_after,
        test=config.kwtsms.test_mode,
        numbers=settings.allowed_numbers(config.phonebook),
        phonebook=config.phonebook if settings.phonebook else None,
    )


def country_of(phone: str) -> str:
    """The country code of a number, for an error."""
    return find_country_code(phone) or phone[:3]
