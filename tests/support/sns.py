"""A certificate authority of the tests, which signs messages of SNS as Amazon does."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from support.bridge import sample

TOPIC = "arn:aws:sns:me-south-1:123456789012:alarms"
NOW = datetime(2026, 11, 2, 11, 2, 20, tzinfo=UTC)  # Seconds after the samples.
# https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)


class CertificateAuthority:
    """A key, and certificates of it."""

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The key that signs."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def certificate(
        self, *, ends: datetime = NOW + timedelta(days=365), key: Any | None = None
    ) -> bytes:
        """A certificate of the key, as PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key((key or self.key).public_key())
            .serial_number(1)
            .not_valid_before(NOW - timedelta(days=365))
            .not_valid_after(ends)
        )
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def signed(self, name: str, *, version: str = "2", **changes: Any) -> bytes:
        """The body of a sample with other values, signed; None leaves a key out."""
        message = {
            key: value
            for key, value in (sample(name) | {"SignatureVersion": version} | changes).items()
            if value is not None
        }
        return json.dumps(message | {"Signature": self.sign(message)}).encode()

    def sign(self, message: Mapping[str, str]) -> str:
        """The signature of a message, in base 64."""
        names = NOTIFICATION if message["Type"] == "Notification" else CONFIRMATION
        text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        digest = hashes.SHA1() if message["SignatureVersion"] == "1" else hashes.SHA256()
        return base64.b64encode(self.key.sign(text.encode(), PKCS1v15(), digest)).decode()


def other_key() -> ec.EllipticCurvePrivateKey:
    """A key that is not of the kind that SNS has."""
    return ec.generate_private_key(ec.SECP256R1())
