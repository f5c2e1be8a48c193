"""Checks the account, looks at what a send would cost, and sends.

python examples/basic.py +96598765432 "Backup failed"
"""

import sys

from kwtsms_client import Client


def main(number: str, text: str) -> int:
    """Sends one message; the exit code says whether kwtSMS took it."""
    with Client.from_env() as sms:
        check = sms.verify()
        if not check.ok:
            print(f"The account cannot be used: {check.error}")
            return 1
        preview = sms.preview(number, text)
        print(f"{preview.report.pages} page(s), {preview.credits} credit(s): {text}")
        if preview.report.changes:
            print(preview.report.summary())
        result = sms.send(number, text)
        for warning in result.warnings:
            print(f"Note: {warning}")
        print(f"Accepted: {result.accepted}, id {result.message_ids}")
        print(f"{result.points_charged} charged, {result.balance_after} left")
        return 0 if result.ok else 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
