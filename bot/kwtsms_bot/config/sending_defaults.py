"""The part of config.yaml that the command line uses, too: sender ID and country code."""

from typing import Annotated

from pydantic import ConfigDict, Field

from kwtsms_bot.config.fields import HomeCountry, Name, Section


class SendingDefaults(Section):
    """The sender ID and the country code of config.yaml; None where it has none."""

    model_config = ConfigDict(extra="ignore")

    sender_id: Annotated[Name, Field(max_length=11)] | None = None
    """The sender ID that phones show."""
    default_country: HomeCountry | None = None
    """The country code that completes a local number."""


class SendingFile(Section):
    """A config.yaml of which only this part is read, so that the others may be unfinished."""

    model_config = ConfigDict(extra="ignore")

    kwtsms: SendingDefaults = SendingDefaults()
    """The kwtSMS account that pays for the messages."""
