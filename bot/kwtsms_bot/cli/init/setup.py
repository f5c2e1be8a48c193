"""One setup from the first question to the test message, and what is said about each step."""

import asyncio
import os
from functools import partial
from pathlib import Path

from kwtsms_bot.cli.doctor import check_bot, show_findings
from kwtsms_bot.cli.init.answers import SetupAnswers, SetupOptions
from kwtsms_bot.cli.init.files import SetupPlan, plan_files, write_file
from kwtsms_bot.cli.init.flow import SetupFlow
from kwtsms_bot.cli.init.gateway_lookup import read_number, send_in_test_mode
from kwtsms_bot.cli.init.questions import Prompter, Question
from kwtsms_bot.cli.init.report import SetupReport
from kwtsms_bot.cli.init.saved_setup import (
    PASSWORD,
    SENDER_ID,
    USERNAME,
    SavedSetup,
    load_saved,
)
from kwtsms_bot.cli.output import EXIT_CODE_OF_OUTCOME, NOT_SENT, OK, exit_code, most_severe
from kwtsms_bot.config import Config, ConfigurationProblems, load
from kwtsms_client import Credentials, KwtSMSError, Outcome, SendResult

DEFAULT_FILE = "config.yaml"
TEST_QUESTION = "Your mobile number, to send a message in test mode"
TEST_ACCEPTED = """\
✓ kwtSMS accepted the test message. In test mode it stays in your queue and isn't delivered:
  delete it at kwtsms.com to get its credit back."""
NOT_WANTED = "Nothing was saved."


class Setup:
    """The steps of one run; `report` says at any time what has been done."""

    def __init__(self, prompter: Prompter, file: Path, options: SetupOptions) -> None:
        self._prompter, self._file, self._options = prompter, file, options
        self.report = SetupReport()

    def run(self, test_number: str | None) -> int:
        """Asks, saves, checks, and offers a test message; returns the exit code.

        Raises:
            AnswerRefused: an option can't be used, and nobody can be asked.
            ConfigurationProblems: a file that is there can't be read.
            NotEditable: a file that is there can't be changed safely.
            FileNotWritten: a file can't be written.
            click.Abort: the person left.
        """
        saved = load_saved(self._file, os.environ)
        if test_number is not None and not self._prompter.interactive:
            read_number(test_number, saved.country)  # Before anything is saved.
        flow = SetupFlow(self._prompter, saved, self._options)
        self.report.answers = flow.run()
        saved = load_saved(self._file, os.environ)  # An editor may have saved it meanwhile.
        self._save(saved, plan_files(saved, self.report.answers))
        config = self._check()
        code = self._send_test(saved, flow.gateway_url, test_number)
        if config is not None:
            self._say_next_steps(config, self.report.answers)
        return code

    def _save(self, saved: SavedSetup, plan: SetupPlan) -> None:
        """Writes the files; asks first if somebody wrote config.yaml before."""
        if not plan.files:
            self._prompter.say("\nNothing has changed.")
            return
        if not saved.is_new:
            self._prompter.say("\nChanges:")
            for change in plan.changes:
                self._prompter.say(f"  {change}")
            if not self._prompter.confirm("Save them?"):
                self._prompter.say(NOT_WANTED)
                return
        for file in plan.files:
            write_file(file)
            self.report.saved.append(str(file.path))
        self.report.changes = plan.changes
        self._prompter.say(f"\n{self.report.saved_text}")

    def _check(self) -> Config | None:
        """Runs the doctor; where the setup isn't complete, says what is left to do."""
        try:
            config = load(str(self._file))
        except ConfigurationProblems as error:
            lines = (problem.format_line(error.file) for problem in error.problems)
            self.report.to_do = tuple(lines)
            self._prompter.say("\nLeft to do (run kwtsms-bridge init again, or edit the files):")
            for line in self.report.to_do:
                self._prompter.say(f"  {line}")
            return None
        self.report.findings = asyncio.run(check_bot(str(self._file)))
        if not self._prompter.to_stderr:
            self._prompter.say("\nCheck of the setup")
            show_findings(self.report.findings)
        return config

    def _send_test(self, saved: SavedSetup, gateway_url: str, number: str | None) -> int:
        """Offers a message in test mode, if there is an account to send it with."""
        account = self.report.answers.account
        username = account.username or saved.current(USERNAME)
        password = account.password or saved.current(PASSWORD)
        sender_id = account.sender_id or saved.text(SENDER_ID)
        if not (username and password and sender_id):
            if number is None:
                return OK
            self._report_test_error("Not sent: the account isn't set up yet.")
            return NOT_SENT

        send = partial(
            send_in_test_mode,
            credentials=Credentials(username, password),
            sender_id=sender_id,
            base_url=gateway_url,
            country=saved.country,
        )
        self._prompter.say()
        try:
            result = self._prompter.answer(Question(TEST_QUESTION, send), number)
        except KwtSMSError as error:
            self._report_test_error(f"Not accepted: {error}")
            return exit_code(error)
        return self._report_test(result) if result is not None else OK

    def _report_test(self, result: SendResult) -> int:
        self.report.test_message = result
        failed = [one for one in result.recipients if one.outcome is not Outcome.ACCEPTED]
        if not failed:
            self._prompter.say(TEST_ACCEPTED)
        for one in failed:
            outcome = one.outcome.value.replace("_", " ").capitalize()
            self._report_test_error(f"{outcome}: {one.reason or one.code}")
        return most_severe(EXIT_CODE_OF_OUTCOME[one.outcome] for one in result.recipients)

    def _report_test_error(self, reason: str) -> None:
        self.report.test_error = reason
        self._prompter.say(f"✗ Test message. {reason}")

    def _say_next_steps(self, config: Config, answers: SetupAnswers) -> None:
        say, bot = self._prompter.say, answers.slack.identity
        option = "" if str(self._file) == DEFAULT_FILE else f" -c {self._file}"
        say("\nNext")
        say(f"  Start the bot:  kwtsms-bridge run{option}")
        for channel in answers.channels:
            if not channel.has_bot:
                name = f"@{bot.name}" if bot else "the bot"
                say(f"  In {channel.label}:  /invite {name}")
        say(f"  Send an SMS:  {config.slack.command} send 98765432 Hello from Slack  (in Slack)")
