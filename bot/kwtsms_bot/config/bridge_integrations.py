"""The section `bridge.integrations` of config.yaml: the tools that send alerts. Reads no file."""

from datetime import timedelta, tzinfo
from importlib.util import find_spec
from typing import Annotated

from pydantic import Field, model_validator

from kwtsms_bot.config.bridge_fields import (
    Certificate,
    EndpointName,
    IntegrationKind,
    Network,
    Pattern,
    SeverityName,
    Token,
    Tokens,
    TopicArn,
)
from kwtsms_bot.config.fields import (
    Distinct,
    Duration,
    Name,
    Section,
    TimeZone,
    format_duration,
    zone,
)

# Whose requests may be signed with `hmac`, and those of them that can't send a token besides.
SIGNED_KINDS: tuple[IntegrationKind, ...] = ("github", "grafana", "sentry")
TOKENLESS_KINDS: tuple[IntegrationKind, ...] = ("github", "sentry")
SHORTEST_EXPECT = timedelta(minutes=1)
CHALLENGED_KINDS: tuple[IntegrationKind, ...] = ("netdata",)  # By a secret in `hmac`, too.
# Keys that only one kind has.
_OWN_KEYS = {
    "branches": "github",
    "certificate": "sns",
    "timestamp_header": "grafana",
    "topics": "sns",
}


class IntegrationSettings(Section):
    """A tool whose alerts are accepted."""

    kind: IntegrationKind = Field(examples=["alertmanager"])
    """The tool; docs/bridge.md says what is read from each."""
    token: Tokens = Field(default_factory=tuple, examples=["${PROMETHEUS_TOKEN}"])
    """The token that the tool shows, or a list of two while you replace it. GitHub and Sentry need
    none if they have `hmac`."""
    severity: SeverityName = Field(default="error", examples=["error"])
    """The severity of alerts that name none: critical, error, warning or info."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """Whose times the tool writes, if it writes them without a zone."""
    url_token: bool = Field(default=False, examples=[False])
    """true accepts the token in the address, for tools that can't send headers."""
    hmac: Token | None = Field(default=None, examples=["${GRAFANA_HMAC}"])
    """The secret by which Grafana, GitHub or Sentry signs its requests, or by which Netdata checks
    the address."""
    timestamp_header: Name | None = Field(default=None, examples=["X-Grafana-Timestamp"])
    """The header with the time that Grafana signs, too."""
    topics: Annotated[tuple[TopicArn, ...], Distinct] = Field(
        default=(), examples=[["arn:aws:sns:me-south-1:123456789012:alarms"]]
    )
    """The topics of Amazon SNS that are accepted, and whose subscription is confirmed."""
    certificate: Certificate | None = Field(default=None, examples=["${SNS_CERTIFICATE}"])
    """The certificate that Amazon SNS signs with, as PEM; without it, the bot fetches it."""
    branches: Annotated[tuple[Pattern, ...], Distinct] = Field(
        default=(), examples=[["main", "release/*"]]
    )
    """The branches whose GitHub workflows matter; without it, the default branch."""
    allow: Annotated[tuple[Network, ...], Distinct] = Field(default=(), examples=[["10.0.0.0/8"]])
    """Addresses and networks that requests may come from; without it, any."""
    may: Annotated[tuple[EndpointName, ...], Distinct] = Field(default=(), examples=[["ops"]])
    """Receivers that a body may name by `to`."""
    success_resolves: bool = Field(default=False, examples=[False])
    """true ends an alert when Apprise sends the type success with the same title."""
    resolves_after: Duration = Field(default=timedelta(hours=1), examples=["1h"])
    """Ends alerts without a key when they were not reported for this time."""
    expect: Duration | None = Field(default=None, examples=["15m"])
    """Opens an incident when nothing came for this time; POST .../heartbeat counts, too."""

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)

    @property
    def is_signed(self) -> bool:
        """Whether each request must have a signature."""
        return self.kind == "sns" or (self.hmac is not None and self.kind in SIGNED_KINDS)

    @model_validator(mode="after")
    def _check_kind(self) -> "IntegrationSettings":
        if self.hmac and self.kind not in (*SIGNED_KINDS, *CHALLENGED_KINDS):
            names = ", ".join((*SIGNED_KINDS, *CHALLENGED_KINDS))
            raise ValueError(f"hmac: only these kinds have a secret for it: {names}")
        for key, kind in _OWN_KEYS.items():
            if getattr(self, key) and self.kind != kind:
                raise ValueError(f"{key}: only kind {kind} has it")
        if self.timestamp_header and not self.hmac:
            raise ValueError("timestamp_header: it needs hmac, whose signature covers the time")
        if not self.token and not (self.hmac and self.kind in TOKENLESS_KINDS):
            instead = " or hmac" if self.kind in TOKENLESS_KINDS else ""
            raise ValueError(f"token: expected one{instead}; see kwtsms-bridge bridge token")
        if self.expect is not None and self.expect < SHORTEST_EXPECT:
            raise ValueError(f"expect: expected at least {format_duration(SHORTEST_EXPECT)}")
        return self

    @model_validator(mode="after")
    def _check_sns(self) -> "IntegrationSettings":
        if self.kind != "sns":
            return self
        if not self.topics:
            raise ValueError("topics: expected the ARN of at least one topic")
        if find_spec("cryptography") is None:
            raise ValueError("kind: sns needs pip install 'kwtsms-bridge[sns]'")
        return self
