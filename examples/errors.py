"""Every outcome and every kind of error, and what to do about it.

python examples/errors.py +96598765432
"""

import sys

from kwtsms_client import (
    AccountError,
    Client,
    ConfigurationError,
    CreditError,
    InvalidInput,
    NotSent,
    Outcome,
    QueueFull,
    Rejected,
    UnknownOutcome,
)


def main(number: str) -> int:
    """Sends one message, and prints the outcome."""
    try:
        with Client.from_env() as sms:
            print(f"Balance: {balance(sms)}")
            result = sms.send(number, "Backup failed")
    except ConfigurationError as error:
        print(f"Set up first: {error}")
        return 2
    except InvalidInput as error:
        print(f"Nothing was sent: {error}")
        return 2
    for (
        one
    ) in result.recipients:  # A send returns a result for each number; it does not raise for them.
        if one.outcome is Outcome.ACCEPTED:
            print(f"{one.recipient}: accepted as {one.message_id}; do not send it again")
        elif one.outcome is Outcome.REJECTED:
            print(f"{one.recipient}: refused ({one.code}), nothing charged: {one.reason}")
        elif one.outcome is Outcome.NOT_SENT:
            print(f"{one.recipient}: nothing left this machine, so it may be sent again")
        else:
            print(f"{one.recipient}: nobody knows; look into the archive at kwtsms.com")
    return 0 if result.ok else 1


def balance(sms: Client) -> str:  # noqa: PLR0911 - One for each kind of error.
    """The balance, or what to do about the error that came instead."""
    try:
        return str(sms.balance().available)
    except AccountError as error:
        return f"an administrator has to act ({error.code}): {error.remedy}"
    except CreditError as error:
        return f"buy credits: {error.remedy}"
    except QueueFull as error:
        return f"try again in {error.wait} seconds"
    except Rejected as error:
        print(f"For operators: {error.remedy} For users: {error.user_message}")
        return f"refused ({error.code})"
    except NotSent:
        return "no connection; try again"
    except UnknownOutcome:
        return "no readable answer; a question may be asked again"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
