"""The section `phonebook` of config.yaml: names for numbers, such as `@oncall`. Reads no file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from kwtsms_bot.config.fields import Section, UserId
from kwtsms_client import normalize_phone, validate_phone_input


def _check_number(value: str) -> str:
    check = validate_phone_input(value)
    if not check.valid:
        raise ValueError(f"expected a mobile number with its country code. {check.error}")
    return check.normalized


_LETTERS = "a-z0-9\u0621-\u064a\u0660-\u0669"  # Small Latin and Arabic letters, and digits.
Handle = Annotated[str, Field(pattern=rf"^[{_LETTERS}][{_LETTERS}._-]{{0,39}}$")]
Number = Annotated[str, AfterValidator(_check_number)]


class ContactSettings(Section):
    """A person: a phone number and, if known, their Slack user."""

    number: Number = Field(examples=["+965 5550 0100"], repr=False)
    """The phone number; a local one is one of kwtsms.default_country."""
    slack: UserId | None = Field(default=None, examples=["U0123ABCD"])
    """Their Slack user ID."""
    language: Literal["auto", "en", "ar"] | None = Field(default=None, examples=["ar"])
    """The language of alerts for this person; without it, that of the receiver."""


def _as_contact(value: Any) -> Any:
    """A number alone in place of a contact."""
    if isinstance(value, str):
        return {"number": _check_number(value)}
    if not isinstance(value, Mapping | ContactSettings):
        raise ValueError("expected text (put it in quotes)")  # noqa: TRY004 - pydantic's rule.
    return value


class _OrNumber:
    """Marker of a section that a number alone can replace, for the JSON Schema."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Contact = Annotated[ContactSettings, BeforeValidator(_as_contact), _OrNumber()]


class Phonebook(Section):
    """Names that can be typed instead of numbers."""

    contacts: Mapping[Handle, Contact] = Field(
        default_factory=dict, examples=[{"noura": "+965 5550 0100"}], repr=False
    )
    """A name in small letters, and the number that `@name` stands for; a local number is one of
    kwtsms.default_country. With more than a number: {number: "+965 5550 0100", slack: U0123ABCD}"""
    groups: Mapping[Handle, tuple[Handle, ...]] = Field(
        default_factory=dict, examples=[{"oncall": ["noura"]}]
    )
    """A name in small letters, and the contacts that `@name` stands for."""

    @staticmethod
    def complete_numbers(data: Any, country: str) -> Any:
        """Returns the section as read, with its local numbers completed for `country`."""
        contacts = data.get("contacts") if isinstance(data, Mapping) else None
        if not isinstance(contacts, Mapping):
            return data
        completed = {name: _complete(one, country) for name, one in contacts.items()}
        return {**data, "contacts": completed}

    @model_validator(mode="after")
    def _check_names(self) -> "Phonebook":
        for group, members in self.groups.items():
            if group in self.contacts:
                raise ValueError(f"groups.{group}: there is a contact of this name")
            for member in members:
                if member not in self.contacts:
                    raise ValueError(f"groups.{group}: there is no contact {member!r}")
        return self

    def numbers(self, name: str) -> tuple[str, ...]:
        """The numbers of a contact or group; empty if there is none of that name."""
        name = name.casefold()
        if name in self.contacts:
            return (self.contacts[name].number,)
        return tuple(self.contacts[one].number for one in self.groups.get(name, ()))

    def contact_of(self, user: str) -> str | None:
        """The name of the contact with this Slack user; None if there is none."""
        return next((name for name, one in self.contacts.items() if one.slack == user), None)

    def names(self, name: str) -> tuple[str, ...]:
        """The names of a contact or of a group's members; empty if there is none of that name."""
        return (name,) if name in self.contacts else self.groups.get(name, ())


def _complete(contact: Any, country: str) -> Any:
    if isinstance(contact, Mapping) and "number" in contact:
        return {**contact, "number": _complete(contact["number"], country)}
    if isinstance(contact, str) and validate_phone_input(contact, default_country=country).valid:
        return f"+{normalize_phone(contact, default_country=country)}"
    return contact
