"""Questions that kwtSMS answers: the login, the sender IDs, and a message in test mode."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from kwtsms_bot.cli.init.questions import AnswerRefused
from kwtsms_client import Client, Credentials, KwtSMSError, SendResult
from kwtsms_client.preview import preview
from kwtsms_client.settings import SHARED_SENDER

TIMEOUT_SECONDS = 10.0
MAX_SENDER_ID = 11
TEST_TEXT = "Test message from kwtsms-bridge."
SHARED_NOTE = "shared, for tests only: slow, and never delivered to Virgin Kuwait"


@dataclass(frozen=True, slots=True)
class KwtSMSLogin:
    """An account that let us in."""

    credentials: Credentials = field(repr=False)
    balance: Decimal
    sender_ids: tuple[str, ...]

    @property
    def suggested_sender(self) -> str:
        """The first sender ID that is the account's own; the shared one if it has no other."""
        own = [one for one in self.sender_ids if one.upper() != SHARED_SENDER]
        return next(iter([*own, *self.sender_ids]), "")


def log_in(credentials: Credentials, base_url: str) -> KwtSMSLogin:
    """Asks for the balance and the sender IDs.

    Raises:
        AnswerRefused: kwtSMS refuses the login, or gives no answer.
    """
    try:
        with Client(credentials, base_url=base_url, timeout=TIMEOUT_SECONDS) as client:
            balance = client.balance()
            return KwtSMSLogin(credentials, balance.available, client.senderids())
    except KwtSMSError as error:
        raise AnswerRefused(str(error)) from error


def read_sender(answer: str, known: Sequence[str]) -> str:
    """Returns a sender ID of the account, by its name or its number in the list.

    Raises:
        AnswerRefused: the account has no such sender ID.
    """
    if answer in known or (not known and 0 < len(answer) <= MAX_SENDER_ID):
        return answer
    if not known:
        raise AnswerRefused(f"A sender ID has at most {MAX_SENDER_ID} characters.")
    if answer.isdecimal() and 1 <= int(answer) <= len(known):
        return known[int(answer) - 1]
    close = next((one for one in known if one.casefold() == answer.casefold()), "")
    hint = f"Write it as it is registered: {close}." if close else f"Yours: {', '.join(known)}."
    raise AnswerRefused(f"{answer} isn't a sender ID of this account. {hint}")


def list_senders(sender_ids: Sequence[str]) -> list[str]:
    """The numbered lines to choose a sender ID from."""
    return [
        f"  {number}  {one}" + (f" ({SHARED_NOTE})" if one.upper() == SHARED_SENDER else "")
        for number, one in enumerate(sender_ids, 1)
    ]


def read_number(answer: str, country: str) -> str:
    """Returns the one phone number in international form.

    Raises:
        AnswerRefused: it isn't a phone number, or there are several.
    """
    found = preview(answer, TEST_TEXT, default_country=country, balance=None)
    if found.refusal or len(found.recipients) != 1 or found.invalid:
        raise AnswerRefused(found.refusal or "Type one number.")
    return found.recipients[0]


def send_in_test_mode(
    number: str, *, credentials: Credentials, sender_id: str, base_url: str, country: str
) -> SendResult:
    """Sends one message that kwtSMS queues and never delivers.

    Raises:
        AnswerRefused: it isn't a phone number.
        KwtSMSError: the client can't send.
    """
    recipient = read_number(number, country)
    client = Client(credentials, base_url=base_url, sender_id=sender_id, test_mode=True)
    with client:
        return client.send(recipient, TEST_TEXT)
