"""The answers of a setup, as values; what was skipped is None or empty."""

from dataclasses import dataclass, field
from decimal import Decimal

from kwtsms_bot.slack.workspace import BotIdentity, Member, WorkspaceChannel


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """Answers given on the command line. Secrets are never among them."""

    username: str | None = None
    sender_id: str | None = None
    admin: str | None = None
    channels: str | None = None
    slack_url: str | None = None
    gateway_url: str | None = None


@dataclass(frozen=True, slots=True)
class SlackAnswers:
    """Tokens that Slack accepted, and whose they are."""

    bot_token: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    identity: BotIdentity | None = None


@dataclass(frozen=True, slots=True)
class AccountAnswers:
    """A login that kwtSMS accepted, with the sender ID to send from."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    sender_id: str | None = None
    balance: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SetupAnswers:
    """All answers of one setup."""

    slack: SlackAnswers = SlackAnswers()
    account: AccountAnswers = AccountAnswers()
    admin: Member | None = None
    channels: tuple[WorkspaceChannel, ...] = ()
    slack_url: str | None = None
    gateway_url: str | None = None
