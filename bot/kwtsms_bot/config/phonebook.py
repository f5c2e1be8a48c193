"""The section `phonebook` of config.yaml: names for numbers, such as `@oncall`. Reads no file."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from kwtsms_bot.config.fields import Section
from kwtsms_client import normalize_phone, validate_phone_input


def _check_number(value: str) -> str:
    check = validate_phone_input(value)
    if not check.valid:
        raise ValueError(f"expected a mobile number with its country code. {check.error}")
    return check.normalized


_LETTERS = "a-z0-9\u0621-\u064a\u0660-\u0669"  # Small Latin and Arabic letters, and digits.
Handle = Annotated[str, Field(pattern=rf"^[{_LETTERS}][{_LETTERS}._-]{{0,39}}$")]
Number = Annotated[str, AfterValidator(_check_number)]


class Phonebook(Section):
    """Names that can be typed instead of numbers."""

    contacts: Mapping[Handle, Number] = Field(
        default_factory=dict, examples=[{"noura": "+965 5550 0100"}], repr=False
    )
    """A name in small letters, and the number that `@name` stands for; a local number is one of
    kwtsms.default_country."""
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
        completed = {
            name: f"+{normalize_phone(one, default_country=country)}"
            if isinstance(one, str) and validate_phone_input(one, default_country=country).valid
            else one
            for name, one in contacts.items()
        }
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
            return (self.contacts[name],)
        return tuple(self.contacts[one] for one in self.groups.get(name, ()))
