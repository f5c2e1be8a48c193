"""Amazon SNS in the demo: its messages, signed by a certificate of the demo's own."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from kwtsms_bot.bridge.sns.envelope import SnsRefused, signed_text
from kwtsms_bot.cli.bridge.request_file import RecordedRequest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

TOPIC = "arn:aws:sns:me-south-1:123456789012:alarms"
CERTIFICATE_URL = "https://sns.me-south-1.amazonaws.com/SimpleNotificationService-demo.pem"
VALID = timedelta(days=30)


def is_available() -> bool:
    """Whether the library that signs is installed: it is an extra."""
    return find_spec("cryptography") is not None


@cache
def _key() -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - An extra.

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate() -> str:
    """Returns the certificate as PEM; it is the same for the whole process."""
    from cryptography import x509  # noqa: PLC0415 - An extra, and slow to load.
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.x509.oid import NameOID  # noqa: PLC0415

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kwtsms-bridge demo")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID)
        .sign(_key(), hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


def signed(request: RecordedRequest) -> RecordedRequest:
    """Returns a message of SNS with the present time and a signature; others as they are."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - An extra.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415

    now = datetime.now(UTC)
    try:
        message = json.loads(request.body)
        message["Timestamp"] = f"{now:%Y-%m-%dT%H:%M:%S}.000Z"
        text = signed_text({key: one for key, one in message.items() if isinstance(one, str)})
    except (ValueError, TypeError, KeyError, RecursionError, SnsRefused):
        return request
    is_first = message.get("SignatureVersion") == "1"
    digest = hashes.SHA1() if is_first else hashes.SHA256()  # noqa: S303 - Version 1 is SHA-1.
    signature = _key().sign(text, PKCS1v15(), digest)
    message["Signature"] = base64.b64encode(signature).decode()
    return replace(request, body=json.dumps(message, ensure_ascii=False).encode())
