"""Types of the values in the section `bridge`: tokens, networks, conditions. Pure."""

import re
from collections.abc import Mapping
from ipaddress import ip_network
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, WithJsonSchema

from kwtsms_bot.config.fields import Distinct

MIN_TOKEN, SAFE_TOKEN, MAX_TOKEN = 8, 20, 255
MAX_TOKENS = 2  # The new one and the old one, while a tool is moved from one to the other.

IntegrationKind = Literal[
    "alertmanager",
    "apprise",
    "checkmk",
    "github",
    "grafana",
    "healthchecks",
    "native",
    "netdata",
    "pagerduty",
    "prtg",
    "sentry",
    "sns",
    "uptime-kuma",
    "zabbix",
]
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
SeverityName = Literal["critical", "error", "warning", "info"]
MATCHED_SEVERITIES = ("critical", "error", "warning", "info", "none")
MessageLanguage = Literal["auto", "en", "ar"]


def _check_token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    allowed = token.isascii() and token.isprintable() and " " not in token and "/" not in token
    if not (allowed and MIN_TOKEN <= len(token) <= MAX_TOKEN):
        raise ValueError(
            f"expected at least {MIN_TOKEN} letters and digits; make one with kwtsms-bridge "
            "bridge token"
        )
    return value


def _as_list(value: Any) -> Any:
    """One value in place of a list."""
    if isinstance(value, str | SecretStr):
        return (value,)
    if not isinstance(value, list | tuple):
        raise ValueError("expected text (put it in quotes)")  # noqa: TRY004 - pydantic's rule.
    return value


def _check_filled(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("expected at least one")
    return values


def _check_token_count(values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if not 1 <= len(values) <= MAX_TOKENS:
        raise ValueError("expected one token, or two while you replace it")
    return values


def _check_network(value: str) -> str:
    try:
        ip_network(value)
    except ValueError:
        raise ValueError("expected an address or a network such as 10.0.0.0/8") from None
    return value


def _check_certificate(value: str) -> str:
    if not value.strip().startswith("-----BEGIN CERTIFICATE-----"):
        raise ValueError("expected a certificate that begins with -----BEGIN CERTIFICATE-----")
    return value


def _check_topic(value: str) -> str:
    if not _TOPIC.fullmatch(value):
        raise ValueError(
            "expected the ARN of a topic such as arn:aws:sns:me-south-1:123456789012:alarms"
        )
    return value


def _check_pattern(value: str) -> str:
    if value.count("*") > 1:
        raise ValueError("expected at most one * in it, such as shuwaikh*")
    return value


def _one_or_list(item: dict[str, Any], most: int | None = None) -> WithJsonSchema:
    listed = {"type": "array", "items": item, "minItems": 1}
    return WithJsonSchema({"anyOf": [item, listed | ({"maxItems": most} if most else {})]})


Token = Annotated[SecretStr, AfterValidator(_check_token)]
Tokens = Annotated[
    tuple[Token, ...],
    BeforeValidator(_as_list),
    AfterValidator(_check_token_count),
    Distinct,
    _one_or_list({"type": "string", "minLength": MIN_TOKEN, "maxLength": MAX_TOKEN}, MAX_TOKENS),
]
Pattern = Annotated[str, Field(min_length=1), AfterValidator(_check_pattern)]
Patterns = Annotated[
    tuple[Pattern, ...],
    BeforeValidator(_as_list),
    AfterValidator(_check_filled),
    _one_or_list({"type": "string", "pattern": r"^[^*]*\*?[^*]*$", "minLength": 1}),
]
Conditions = Mapping[Annotated[str, Field(min_length=1)], Patterns]
EndpointName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Network = Annotated[str, AfterValidator(_check_network)]
TopicArn = Annotated[str, AfterValidator(_check_topic)]
Certificate = Annotated[str, AfterValidator(_check_certificate)]
