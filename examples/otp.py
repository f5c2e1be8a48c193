"""Makes a one-time password, sends it, and checks it at the prompt.

python examples/otp.py +96598765432

For a service on the internet, which needs limits, expiry and hashed codes, see otp_service.py.
"""

import hmac
import secrets
import sys

from kwtsms_client import Client, Outcome

COMPANY = "Example Co"  # kwtSMS wants the company's name in the text.


def main(number: str) -> int:
    """Sends a code to one number and asks for it."""
    code = f"{secrets.randbelow(10**6):06}"
    with Client.from_env() as sms:
        result = sms.send(number, f"Your {COMPANY} code is {code}. It is valid for 5 minutes.")
    one = result.recipients[0]
    if one.outcome in (Outcome.REJECTED, Outcome.NOT_SENT):
        print(f"The code was not sent: {one.reason}")
        return 1
    if one.outcome is Outcome.UNKNOWN:  # So it is not sent a second time.
        print("kwtSMS gave no answer; the code may arrive all the same.")
    typed = input("Code: ").strip()
    if hmac.compare_digest(typed.encode(), code.encode()):
        print("Right.")
        return 0
    print("Wrong.")
    return 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
