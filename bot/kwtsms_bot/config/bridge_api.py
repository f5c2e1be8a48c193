"""The section `bridge.api` of config.yaml: applications that send messages. Reads no file."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from kwtsms_bot.config.bridge_fields import Network, Tokens
from kwtsms_bot.config.fields import ChannelId, Country, Distinct, Name, Section, Unambiguous
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_client import validate_phone_input

MOST_RECIPIENTS = 1000  # Of one message: its answer names each of them.
# Shorter than an integration's: with the prefix `api:`, it names a budget.
ClientName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,35}$")]


def _check_recipient(value: str) -> str:
    check = validate_phone_input(value)
    return check.normalized if check.valid else value


Recipient = Annotated[str, AfterValidator(_check_recipient)]


class ApiSettings(Section):
    """An application that may send messages, and how far it may go."""

    token: Tokens = Field(examples=["${SHOP_TOKEN}"])
    """The token that the application shows, or a list of two while you replace it."""
    credits_per_day: Annotated[int, Field(ge=1), Unambiguous] = Field(default=100, examples=[100])
    """What it may spend in a day, apart from people and alerts."""
    per_number_per_hour: Annotated[int, Field(ge=1), Unambiguous] = Field(default=10, examples=[10])
    """Its messages that one phone may get in an hour."""
    recipients: Annotated[int, Field(ge=1, le=MOST_RECIPIENTS), Unambiguous] = Field(
        default=50, examples=[50]
    )
    """The most recipients of one message, up to 1000."""
    to: Annotated[tuple[Recipient, ...], Distinct] = Field(default=(), examples=[["noura"]])
    """The only recipients that it may send to: contacts and groups of the phone book, or numbers
    with their country code; without it, any."""
    sender_ids: Annotated[tuple[Annotated[Name, Field(max_length=11)], ...], Distinct] = Field(
        default=(), examples=[["MY-APP"]]
    )
    """The sender IDs that it may use, the usual one first; without it, kwtsms.sender_id."""
    urgent: bool = Field(default=False, examples=[False])
    """true lets it mark messages as urgent: they overtake all others."""
    phonebook: bool = Field(default=False, examples=[False])
    """true lets it name contacts and groups as @name; the answers show their numbers."""
    countries: Annotated[tuple[Country, ...], Distinct] = Field(default=(), examples=[["965"]])
    """Country codes that it may send to, out of limits.countries; without it, all of those."""
    channel: ChannelId | None = Field(default=None, examples=["C0123ABCD"])
    """The Slack channel that shows its messages; without it, none is shown."""
    allow: Annotated[tuple[Network, ...], Distinct] = Field(default=(), examples=[["10.0.0.0/8"]])
    """Addresses and networks that its requests may come from; without it, any."""

    def allowed_numbers(self, phonebook: Phonebook) -> frozenset[str] | None:
        """The numbers that `to` names; None: any."""
        if not self.to:
            return None
        return frozenset(number for one in self.to for number in _numbers(one, phonebook))


def api_faults(
    api: Mapping[str, ApiSettings], phonebook: Phonebook, countries: Collection[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """The keys of applications that name what there is not, each with what is wrong."""
    for name, client in api.items():
        for one in client.to:
            if not _numbers(one, phonebook):
                yield (
                    ("bridge", "api", name, "to"),
                    f"there is no contact or group {one!r} in phonebook",
                )
        for code in client.countries:
            if "all" not in countries and code not in countries:
                yield (
                    ("bridge", "api", name, "countries"),
                    f"limits.countries doesn't allow {code}",
                )


def _numbers(recipient: str, phonebook: Phonebook) -> tuple[str, ...]:
    """The numbers of a name, or the number itself."""
    return (recipient,) if recipient.isdecimal() else phonebook.numbers(recipient)
