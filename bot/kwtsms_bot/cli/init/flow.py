"""The order of the questions, and what is already known for each. Writes nothing."""

from functools import partial

from kwtsms_bot.cli.init.answers import (
    AccountAnswers,
    SetupAnswers,
    SetupOptions,
    SlackAnswers,
)
from kwtsms_bot.cli.init.gateway_lookup import KwtSMSLogin, list_senders, log_in, read_sender
from kwtsms_bot.cli.init.questions import AnswerRefused, Prompter, Question
from kwtsms_bot.cli.init.saved_setup import (
    ADMINS,
    APP_TOKEN,
    BOT_TOKEN,
    GATEWAY_URL,
    PASSWORD,
    SENDER_ID,
    SLACK_MODE,
    SLACK_URL,
    USERNAME,
    SavedSetup,
)
from kwtsms_bot.cli.init.slack_lookup import WorkspaceAnswers, read_app_token, read_bot_token
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.config import GatewaySettings, SlackSettings
from kwtsms_bot.config.yaml_edits import read_value
from kwtsms_bot.slack.manifest import create_app_link, manifest
from kwtsms_bot.slack.workspace import Member, WorkspaceChannel
from kwtsms_client import Credentials
from kwtsms_client.settings import SHARED_SENDER

WELCOME = """\
This sets up the bot: Slack, your kwtSMS account, and who may use it.
Enter skips a question (or keeps what is saved), - skips it in any case, Ctrl-C leaves.
Nothing is saved until you have answered everything. Run kwtsms-bridge init again to change it."""
SLACK = """
Slack"""
CREATE_APP = """\
Create the app: open this link, choose your workspace, and click Create.
{link}
Then install it under OAuth & Permissions, and copy the Bot User OAuth Token."""
GENERATE_HINT = (
    "Then, under Basic Information → App-Level Tokens, generate one with connections:write."
)
ACCOUNT = """
kwtSMS
Use the API username and password from kwtsms.com → Account → API, not your mobile number."""
PEOPLE = """
People and channels"""
SHARED_SENDER_WARNING = """\
! KWT-SMS is for tests: shared, slow, and never delivered to Virgin Kuwait.
  Register your own at kwtsms.com → Sender IDs. A transactional one is for alerts and codes and
  reaches everybody; a promotional one doesn't reach numbers that block advertising."""


class SetupFlow:
    """Asks everything once, from top to bottom."""

    def __init__(self, prompter: Prompter, saved: SavedSetup, options: SetupOptions) -> None:
        self._prompter, self._saved, self._options = prompter, saved, options
        self.slack_url = options.slack_url or saved.text(SLACK_URL) or _default_slack_url()
        self.gateway_url = options.gateway_url or saved.text(GATEWAY_URL) or _default_gateway_url()

    def run(self) -> SetupAnswers:
        """Returns the answers.

        Raises:
            AnswerRefused: an option can't be used, and nobody can be asked.
            click.Abort: the person left.
        """
        if self._prompter.interactive:
            self._prompter.say(WELCOME)
        slack = self._ask_slack()
        account = self._ask_account()
        workspace = WorkspaceAnswers(
            slack.bot_token or self._saved.current(BOT_TOKEN) or None, self.slack_url
        )
        if self._prompter.interactive:
            self._prompter.say(PEOPLE)
        return SetupAnswers(
            slack,
            account,
            self._ask_admin(workspace),
            self._ask_channels(workspace),
            _unless(self.slack_url, self._saved.text(SLACK_URL) or _default_slack_url()),
            _unless(self.gateway_url, self._saved.text(GATEWAY_URL) or _default_gateway_url()),
        )

    def _ask_slack(self) -> SlackAnswers:
        saved, say = self._saved, self._prompter.say
        if self._prompter.interactive:
            say(SLACK)
            if not saved.current(BOT_TOKEN):
                say(CREATE_APP.format(link=self._link()))
        bot = self._prompter.answer(
            Question(
                "Bot token, xoxb-…",
                partial(read_bot_token, api_url=self.slack_url),
                saved.current(BOT_TOKEN),
                secret=True,
            ),
            saved.given(BOT_TOKEN),
        )
        token, identity = bot or (None, None)
        if identity is not None:
            say(f"✓ Workspace {identity.team}, as @{identity.name}.")
        if saved.text(SLACK_MODE) == "http":
            return SlackAnswers(token, None, identity)
        if self._prompter.interactive:
            say(GENERATE_HINT)
        app_token = self._prompter.answer(
            Question(
                "App-level token, xapp-…",
                partial(read_app_token, api_url=self.slack_url),
                saved.current(APP_TOKEN),
                secret=True,
            ),
            saved.given(APP_TOKEN),
        )
        if app_token is not None:
            say("✓ Socket Mode works.")
        return SlackAnswers(token, app_token, identity)

    def _link(self) -> str:
        command = self._saved.text(("slack", "command")) or "/sms"
        return create_app_link(manifest(command, COMMANDS))

    def _ask_account(self) -> AccountAnswers:
        if self._prompter.interactive:
            self._prompter.say(ACCOUNT)
            login = self._ask_login()
        else:
            login = self._check_given_login()
        if login is None:
            return AccountAnswers(
                self._options.username or self._saved.given(USERNAME),
                self._saved.given(PASSWORD),
                self._ask_sender(None) if self._options.sender_id else None,
            )
        self._prompter.say(f"✓ Logged in; {login.balance:,f} credits left.")
        account = login.credentials
        sender_id = self._ask_sender(login)
        return AccountAnswers(account.username, account.password, sender_id, login.balance)

    def _ask_login(self) -> KwtSMSLogin | None:
        """Asks until kwtSMS accepts username and password together, or one is skipped."""
        saved = self._saved
        username: str | None = self._options.username or saved.given(USERNAME)
        password = saved.given(PASSWORD)
        suggested = (saved.current(USERNAME), saved.current(PASSWORD))
        while True:
            username = self._prompter.answer(Question("API username", str, suggested[0]), username)
            if username is None:
                return None
            question = Question("API password", str, suggested[1], secret=True)
            password = self._prompter.answer(question, password)
            if password is None:
                return None
            try:
                return log_in(Credentials(username, password), self.gateway_url)
            except AnswerRefused as error:
                self._prompter.say(f"✗ {error}")
            suggested = (username, "")
            username = password = None

    def _check_given_login(self) -> KwtSMSLogin | None:
        """Checks the login if anything about the account is given, and both parts are known."""
        saved, options = self._saved, self._options
        username = options.username or saved.current(USERNAME)
        password = saved.current(PASSWORD)
        given = (options.username, options.sender_id, saved.given(USERNAME), saved.given(PASSWORD))
        if not (any(given) and username and password):
            return None
        return log_in(Credentials(username, password), self.gateway_url)

    def _ask_sender(self, login: KwtSMSLogin | None) -> str | None:
        known = login.sender_ids if login else ()
        current = self._saved.text(SENDER_ID)
        suggested = current if current in known else login.suggested_sender if login else ""
        if self._prompter.interactive and self._options.sender_id is None:
            for line in list_senders(known):
                self._prompter.say(line)
        chosen = self._prompter.answer(
            Question("Sender ID (number or name)", partial(read_sender, known=known), suggested),
            self._options.sender_id,
        )
        if chosen is not None and chosen.upper() == SHARED_SENDER:
            self._prompter.say(SHARED_SENDER_WARNING)
        return chosen

    def _ask_admin(self, workspace: WorkspaceAnswers) -> Member | None:
        admins = read_value(self._saved.config_text, ADMINS)
        label = "Add another admin" if admins else "Who are you in Slack"
        admin = self._prompter.answer(
            Question(f"{label}: name, @handle, e-mail or member ID", workspace.read_member),
            self._options.admin,
        )
        if admin is not None:
            self._prompter.say(f"✓ {admin.label}: admin.")
        return admin

    def _ask_channels(self, workspace: WorkspaceAnswers) -> tuple[WorkspaceChannel, ...]:
        question = Question(
            "Channel for balance warnings, such as #alerts", workspace.read_channels
        )
        found = self._prompter.answer(question, self._options.channels) or ()
        for one in found:
            self._prompter.say(f"✓ {one.label}")
        return found


def _default_slack_url() -> str:
    return str(SlackSettings.model_fields["api_url"].default)


def _default_gateway_url() -> str:
    return str(GatewaySettings.model_fields["base_url"].default)


def _unless(value: str, current: str) -> str | None:
    """The value, unless it is the current one."""
    return None if value == current else value
