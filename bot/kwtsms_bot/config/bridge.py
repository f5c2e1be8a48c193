"""The section `bridge` of config.yaml: alerts of other tools. Reads no file."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from kwtsms_bot.config.bridge_api import ApiSettings, ClientName, api_faults
from kwtsms_bot.config.bridge_fields import (
    MATCHED_SEVERITIES,
    SAFE_TOKEN,
    Conditions,
    EndpointName,
    Network,
)
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
from kwtsms_bot.config.bridge_receivers import InhibitSettings, ReceiverSettings, RouteSettings
from kwtsms_bot.config.fields import (
    Address,
    ChannelId,
    Distinct,
    Name,
    Section,
    Unambiguous,
    Url,
)
from kwtsms_bot.config.on_call import DrillSettings, ScheduleSettings, schedule_of
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.i18n.translator import Language
from kwtsms_client import find_country_code
from kwtsms_client.settings import is_loopback

FREE_PORT = ":0"
SEVERITY_KEY, INTEGRATION_KEY = "severity", "integration"
Fault = tuple[tuple[str | int, ...], str]  # The key, and what is wrong there.


class BridgeSettings(Section):
    """Alerts of other tools, which become text messages."""

    listen: Address = Field(default="127.0.0.1:8090", examples=["127.0.0.1:8090"])
    """Where alerts are accepted, as host:port; a proxy in front brings the https."""
    url: Url | None = Field(default=None, examples=["https://alerts.example.com"])
    """The public address of that proxy."""
    trusted_proxies: Annotated[tuple[Network, ...], Distinct] = Field(
        default=(), examples=[["127.0.0.1"]]
    )
    """Proxies whose X-Forwarded-For is believed."""
    channel: ChannelId | None = Field(default=None, examples=["C0123ABCD"])
    """The Slack channel of alerts, unless a receiver names another."""
    sender_id: Annotated[Name, Field(max_length=11)] | None = Field(
        default=None, examples=["OPS-ALERT"]
    )
    """The sender ID of alerts instead of kwtsms.sender_id: a transactional one."""
    credits_per_day: Annotated[int, Field(ge=1), Unambiguous] = Field(default=500, examples=[500])
    """What alerts may spend in a day, apart from what people spend."""
    integrations: Mapping[EndpointName, IntegrationSettings] = Field(
        default_factory=dict,
        examples=[{"prometheus": {"kind": "alertmanager", "token": "${PROMETHEUS_TOKEN}"}}],
    )
    """The tools, each under a name of yours."""
    api: Mapping[ClientName, ApiSettings] = Field(
        default_factory=dict, examples=[{"shop": {"token": "${SHOP_TOKEN}"}}]
    )
    """Applications that send messages of their own, each under a name of yours."""
    oncall: Mapping[EndpointName, ScheduleSettings] = Field(
        default_factory=dict,
        examples=[{"ops": {"people": ["noura", "fahad"], "from": "2026-01-04 08:00"}}],
    )
    """Who is on call: schedules under names of yours. Receivers name them as oncall.NAME."""
    receivers: Mapping[EndpointName, ReceiverSettings] = Field(
        default_factory=dict, examples=[{"ops": {"to": ["noura"]}}]
    )
    """Who gets alerts, each under a name of yours. The only receiver gets everything."""
    inhibit: tuple[InhibitSettings, ...] = Field(
        default=(),
        examples=[[{"when": {"alertname": "SiteDown"}, "mutes": {"site": "*"}, "equal": ["site"]}]],
    )
    """Firing alerts that mute the SMS of others."""
    routes: tuple[RouteSettings, ...] = Field(default=(), examples=[[{"to": "ops"}]])
    """Which alerts go to which receiver: the first that matches counts, the last matches all."""
    drill: DrillSettings | None = Field(
        default=None, examples=[{"at": "Sun 10:00", "receiver": "ops", "within": "10m"}]
    )
    """A weekly test of the whole way to a phone and back; without it, only /sms drill now."""

    @model_validator(mode="after")
    def _check_references(self) -> "BridgeSettings":
        faults = (*_token_faults(self), *_receiver_faults(self), *_route_faults(self))
        raise_faults((*faults, *_inhibit_faults(self)), type(self))
        return self

    @property
    def tokens(self) -> Mapping[tuple[str, str], tuple[SecretStr, ...]]:
        """The tokens of integrations and applications, by section and name."""
        tools = {("integrations", name): one.token for name, one in self.integrations.items()}
        return tools | {("api", name): one.token for name, one in self.api.items()}

    @property
    def channels(self) -> tuple[str, ...]:
        """The Slack channels of alerts, the main one first."""
        named = (self.channel, *(one.channel for one in self.receivers.values()))
        return tuple(dict.fromkeys(filter(None, named)))

    @property
    def posting_channels(self) -> tuple[str, ...]:
        """All Slack channels that the bridge posts to: of alerts, and of applications' messages."""
        shown = (one.channel for one in self.api.values() if one.channel)
        return tuple(dict.fromkeys((*self.channels, *shown)))

    @property
    def notice_channels(self) -> tuple[str, ...]:
        """The Slack channels of notices about the bridge itself."""
        return self.channels[:1] if self.channel else self.channels

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the endpoint, as far as the configuration says."""
        host = self.listen.rpartition(":")[0].strip("[]")
        return self.url is None and is_loopback(host)

    def phonebook_faults(self, phonebook: Phonebook, countries: Collection[str]) -> Iterator[Fault]:
        """The names that are not in the phone book, or whose country isn't allowed."""
        for name, receiver in self.receivers.items():
            path = ("bridge", "receivers", name, "to")
            for one in dict.fromkeys(receiver.names):
                schedule = schedule_of(one)
                if schedule is None:
                    yield from _name_faults(path, one, phonebook, countries)
                elif schedule not in self.oncall:
                    yield path, f"there is no schedule {schedule!r} in bridge.oncall"
        for name, settings in self.oncall.items():
            for key, one in settings.names():
                yield from _name_faults(("bridge", "oncall", name, key), one, phonebook, countries)
        yield from api_faults(self.api, phonebook, countries)

    def warnings(self, say: Language, sender_id: str) -> tuple[str, ...]:
        """Warnings about settings that are allowed but probably unintended."""
        found: list[str] = []
        if self.receivers and (self.sender_id or sender_id).upper() == "KWT-SMS":
            found.append(
                say(
                    "bridge.sender_id: alerts would come from KWT-SMS, which never reaches blocked "
                    "numbers. Use a transactional sender ID."
                )
            )
        if self.listen.endswith(FREE_PORT):  # Another port each time: nobody guesses there.
            return tuple(found)
        for path, tokens in self.tokens.items():
            if any(len(one.get_secret_value()) < SAFE_TOKEN for one in tokens):
                found.append(
                    say(
                        "bridge.{path}.token: the token is short enough to be guessed. Make one "
                        "with {command}.",
                        path=".".join(path),
                        command="kwtsms-bridge bridge token",
                    )
                )
        return tuple(found)


def _name_faults(
    path: tuple[str, ...], name: str, phonebook: Phonebook, countries: Collection[str]
) -> Iterator[Fault]:
    numbers = phonebook.numbers(name)
    if not numbers:
        yield path, f"there is no contact or group {name!r} in phonebook"
    for code in sorted({find_country_code(number) or "" for number in numbers}):
        if code not in countries:
            yield path, f"{name!r} has a number of +{code}; allow it in limits.countries"


def raise_faults(faults: tuple[Fault, ...], model: type[Section]) -> None:
    """Raises all faults at once, each at its own key.

    Raises:
        ValidationError: there are any.
    """
    if faults:
        raise ValidationError.from_exception_data(
            model.__name__,
            [
                InitErrorDetails(
                    type="value_error", loc=path, input=None, ctx={"error": ValueError(message)}
                )
                for path, message in faults
            ],
        )


def _token_faults(bridge: BridgeSettings) -> Iterator[Fault]:
    count = Counter(one.get_secret_value() for tokens in bridge.tokens.values() for one in tokens)
    for path, tokens in bridge.tokens.items():
        if any(count[one.get_secret_value()] > 1 for one in tokens):
            yield (*path, "token"), "another integration or application has the same token"


def _receiver_faults(bridge: BridgeSettings) -> Iterator[Fault]:
    if bridge.integrations and not bridge.receivers:
        yield ("receivers",), "expected at least one"
    for name, receiver in bridge.receivers.items():
        if not (receiver.names or receiver.channel or bridge.channel):
            yield (
                ("receivers", name, "to"),
                "it reaches nobody and has no channel; name a contact or a channel",
            )
    for name, integration in bridge.integrations.items():
        for unknown in integration.may:
            if unknown not in bridge.receivers:
                yield ("integrations", name, "may"), f"there is no receiver {unknown!r}"
    yield from _drill_faults(bridge)


def _drill_faults(bridge: BridgeSettings) -> Iterator[Fault]:
    if bridge.drill is None:
        return
    receiver = bridge.receivers.get(bridge.drill.receiver)
    if receiver is None:
        yield ("drill", "receiver"), f"there is no receiver {bridge.drill.receiver!r}"
    elif not receiver.to:
        yield ("drill", "receiver"), "nobody is texted first by it; name one with `to`"


def _route_faults(bridge: BridgeSettings) -> Iterator[Fault]:
    if not bridge.routes and len(bridge.receivers) > 1:
        yield ("routes",), "expected, since there are several receivers; end with the main one"
    for number, route in enumerate(bridge.routes):
        last = number == len(bridge.routes) - 1
        if route.to not in bridge.receivers:
            yield ("routes", number, "to"), f"there is no receiver {route.to!r}"
        if last and not route.matches_all:
            yield ("routes", number), "the last route must match all: write only `to` in it"
        if route.matches_all and not last:
            yield ("routes", number), "it matches all, so the routes after it match nothing"
        for key, conditions in (("when", route.when), ("not", route.unless)):
            for fault in _condition_faults(conditions, bridge):
                yield ("routes", number, key, *fault[0]), fault[1]


def _inhibit_faults(bridge: BridgeSettings) -> Iterator[Fault]:
    for number, rule in enumerate(bridge.inhibit):
        for key, conditions in (("when", rule.when), ("mutes", rule.mutes)):
            for fault in _condition_faults(conditions, bridge):
                yield ("inhibit", number, key, *fault[0]), fault[1]


def _condition_faults(conditions: Conditions, bridge: BridgeSettings) -> Iterator[Fault]:
    known = {SEVERITY_KEY: MATCHED_SEVERITIES, INTEGRATION_KEY: tuple(bridge.integrations)}
    for key, names in known.items():
        for value in conditions.get(key, ()):
            if "*" not in value and value not in names:
                yield (key,), f"there is no {key} {value!r}; known: {', '.join(names) or 'none'}"
