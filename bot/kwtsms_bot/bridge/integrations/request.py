"""A webhook request as a value, and the options of its integration. Performs no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from kwtsms_bot.bridge.models import AlertBatch
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
from kwtsms_bot.kuwait_time import KUWAIT_TZ

MAX_BODY = 4 * 1024 * 1024
MAX_ALERTS = 5_000  # In one body; the least severe of more are counted and not kept.


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """Request of a tool: its headers, query and body."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)

    def header(self, name: str) -> str:
        """The header of that name, in lower case; empty if there is none."""
        found = (value for key, value in self.headers.items() if key.lower() == name.lower())
        return next(found, "").strip().lower()

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.header("content-type").partition(";")[0].strip()


@dataclass(frozen=True, slots=True)
class ParseOptions:
    """Settings of an integration that change how its requests are read."""

    timezone: tzinfo = KUWAIT_TZ  # Of times without a zone.
    success_resolves: bool = False  # Apprise's `success` ends the alert of the same title.
    branches: tuple[str, ...] = ()  # Of GitHub's workflows; none: the default branch.
    is_offline: bool = False  # Amazon can't be reached, so people confirm subscriptions.


def parse_options(settings: IntegrationSettings) -> ParseOptions:
    """The options that the configuration of an integration gives."""
    return ParseOptions(
        settings.zone,
        success_resolves=settings.success_resolves,
        branches=settings.branches,
        is_offline=settings.certificate is not None,
    )


Parser = Callable[[WebhookRequest, ParseOptions], AlertBatch]
