"""The sections of config.yaml as types. Reads no file and knows no YAML.

Every field has a description and an example: they are the remedy in an error, the text of the JSON
Schema and the comment in config.yaml.example, so that the three cannot disagree.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from kwtsms_bot.config.access import Access, Limits
from kwtsms_bot.config.alerts import AlertSettings
from kwtsms_bot.config.bridge import BridgeSettings, raise_faults
from kwtsms_bot.config.fields import (
    SLASH_COMMAND,
    Address,
    AppToken,
    BotToken,
    DatabaseUrl,
    Duration,
    HomeCountry,
    Name,
    Secret,
    Section,
    Url,
)
from kwtsms_bot.config.monitoring import HeartbeatSettings, HttpSettings
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.config.value_flaws import FlawedValue
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_client.countries import COUNTRIES

FLAWED_VALUES = "flawed_values"  # In pydantic's context: what only the loader sees.


class SlackSettings(Section):
    """The Slack app that people talk to."""

    bot_token: BotToken = Field(examples=["${SLACK_BOT_TOKEN}"])
    """The bot's token (xoxb-…), from OAuth & Permissions in your Slack app's settings."""
    mode: Literal["socket", "http"] = Field(default="socket", examples=["socket"])
    """`socket` needs no public address; with `http`, Slack sends requests to the bot."""
    app_token: AppToken | None = Field(default=None, examples=["${SLACK_APP_TOKEN}"])
    """The app-level token for mode `socket` (xapp-…, scope connections:write)."""
    signing_secret: Secret | None = Field(default=None, examples=["${SLACK_SIGNING_SECRET}"])
    """The signing secret for mode `http`, from Basic Information in your Slack app's settings."""
    listen: Address = Field(default="127.0.0.1:3000", examples=["127.0.0.1:3000"])
    """The address on which mode `http` waits for requests; a proxy in front adds HTTPS."""
    command: Annotated[str, Field(pattern=SLASH_COMMAND)] = Field(default="/sms", examples=["/sms"])
    """The slash command as registered in Slack."""
    api_url: Url = Field(default="https://slack.com/api/", examples=["https://slack.com/api/"])
    """Slack's Web API. Change it only to talk to another Slack, such as the sandbox."""

    @model_validator(mode="after")
    def _check_mode_secret(self) -> "SlackSettings":
        if self.mode == "socket" and self.app_token is None:
            raise ValueError("app_token: required for mode socket, for example ${SLACK_APP_TOKEN}")
        if self.mode == "http" and self.signing_secret is None:
            raise ValueError(
                "signing_secret: required for mode http, for example ${SLACK_SIGNING_SECRET}"
            )
        return self


class GatewaySettings(Section):
    """The kwtSMS account that pays for the messages."""

    username: Name = Field(examples=["${KWTSMS_USERNAME}"])
    """The API user name (kwtsms.com, Account, API), not your mobile number."""
    password: Secret = Field(examples=["${KWTSMS_PASSWORD}"])
    """The API password."""
    sender_id: Annotated[Name, Field(max_length=11)] = Field(examples=["MY-APP"])
    """The sender ID that phones show; upper and lower case matter."""
    test_mode: bool = Field(default=False, examples=[False])
    """true queues messages at kwtSMS without delivering them; their credits are held until you
    delete them there."""
    default_country: HomeCountry = Field(default="965", examples=["965"])
    """The country code that completes a local number such as 98765432."""
    base_url: Url = Field(
        default="https://www.kwtsms.com/API/", examples=["https://www.kwtsms.com/API/"]
    )
    """The gateway's address. Change it only to talk to another one, such as the sandbox."""
    timeout: Duration = Field(default=timedelta(seconds=15), examples=["15s"])
    """How long to wait for kwtSMS's answer; after that, the outcome of a send is unknown."""


class OutboxSettings(Section):
    """Where accepted messages are kept until they are sent."""

    database: DatabaseUrl = Field(
        default="sqlite:///kwtsms-bridge.sqlite3",
        examples=["sqlite:///kwtsms-bridge.sqlite3"],
        repr=False,  # It may have a password in it.
    )
    """sqlite:///file, or postgresql://user:password@host/name for several replicas."""
    expires_after: Duration = Field(default=timedelta(hours=24), examples=["24h"])
    """A message that couldn't be sent for so long expires, and its author sees it."""
    lease: Duration = Field(default=timedelta(seconds=30), examples=["30s"])
    """How long a message belongs to a dead process before another one claims it."""
    retention: Duration = Field(default=timedelta(days=30), examples=["30d"])
    """Texts and numbers are erased after this time; people, times and outcomes stay."""

    @model_validator(mode="after")
    def _check_times(self) -> "OutboxSettings":
        if not timedelta(seconds=1) <= self.lease <= timedelta(minutes=10):
            raise ValueError("lease: expected a time between 1s and 10m")
        if self.retention < max(timedelta(days=1), self.expires_after):
            # Slack redelivers requests for up to a day, and an unsent message needs its text.
            raise ValueError("retention: expected at least 1d, and no less than expires_after")
        return self


class LoggingSettings(Section):
    """The bot's log. Numbers are masked and texts left out at every level."""

    level: Literal["debug", "info", "warning", "error"] = Field(default="info", examples=["info"])
    """The lowest level that is written."""
    format: Literal["text", "json"] = Field(default="text", examples=["text"])
    """`text` for people, `json` for log collectors."""


class Config(Section):
    """The whole of config.yaml."""

    _flawed_values: tuple[FlawedValue, ...] = PrivateAttr(default=())

    slack: SlackSettings
    """The Slack app that people talk to."""
    kwtsms: GatewaySettings
    """The kwtSMS account that pays for the messages."""
    access: Access = Field(default=Access())
    """Who may do what. Permissions are off by default: nobody can send until you allow it."""
    limits: Limits = Field(default=Limits())
    """How much may be sent, and what needs a confirmation or an approval first."""
    phonebook: Phonebook = Field(default=Phonebook())
    """Names that can be typed instead of numbers."""
    language: Literal["en", "ar"] = Field(default="en", examples=["en"])
    """The language of messages to channels, and to people whose Slack is in another language."""
    outbox: OutboxSettings = Field(default=OutboxSettings())
    """Where accepted messages are kept until they are sent."""
    alerts: AlertSettings = Field(default=AlertSettings())
    """What the bot watches by itself."""
    bridge: BridgeSettings | None = Field(
        default=None, examples=[{"receivers": {"ops": {"to": ["noura"]}}}]
    )
    """Alerts of other tools, which become text messages; without it, none are accepted."""
    http: HttpSettings = Field(default=HttpSettings())
    """Pages for monitoring: /healthz, /readyz and /metrics."""
    heartbeat: HeartbeatSettings = Field(default=HeartbeatSettings())
    """An address that the bot calls while all is well, so that you notice when it stops."""
    logging: LoggingSettings = Field(default=LoggingSettings())
    """The bot's log. Numbers are masked and texts left out at every level."""

    @model_validator(mode="before")
    @classmethod
    def _complete_local_numbers(cls, data: Any) -> Any:
        """Completes local numbers in the phone book, in the same way as typed ones."""
        if not isinstance(data, Mapping) or "phonebook" not in data:
            return data
        gateway = data.get("kwtsms")
        country = gateway.get("default_country") if isinstance(gateway, Mapping) else None
        known = str(country or GatewaySettings.model_fields["default_country"].default)
        if known not in COUNTRIES:  # Reported as a separate problem.
            return data
        return {**data, "phonebook": Phonebook.complete_numbers(data["phonebook"], known)}

    @model_validator(mode="after")
    def _check_receivers(self) -> "Config":
        if self.bridge:
            faults = self.bridge.phonebook_faults(self.phonebook, self.limits.countries)
            raise_faults(tuple(faults), type(self))
        return self

    @model_validator(mode="after")
    def _keep_flawed_values(self, info: ValidationInfo) -> "Config":
        self._flawed_values = (info.context or {}).get(FLAWED_VALUES, ())
        return self

    def warnings(self, say: Language = ENGLISH) -> tuple[str, ...]:
        """Warnings about settings that are allowed but probably unintended."""
        found = []
        access = self.access
        if all(grant.empty for grant in (access.sender, access.bulk, access.admin)):
            found.append(
                say(
                    "access: nobody can send yet. Give someone the sender role, for example "
                    "{example}",
                    example="access: {sender: {users: [U0123ABCD]}}",
                )
            )
        if self.kwtsms.sender_id.upper() == "KWT-SMS":
            found.append(
                say(
                    "kwtsms.sender_id: KWT-SMS is a shared sender ID for tests. It's slow "
                    "and never reaches Virgin or blocked numbers. Register your own at "
                    "kwtsms.com."
                )
            )
        if self.kwtsms.test_mode:
            found.append(say("kwtsms.test_mode: test mode is on, so messages aren't delivered."))
        flawed = (one.warning(say) for one in self._flawed_values)
        bridge = self.bridge.warnings(say, self.kwtsms.sender_id) if self.bridge else ()
        return (*flawed, *found, *self.alerts.balance.warnings(say), *bridge)
