"""Checks a signature by the public key of a certificate. Pure."""

from datetime import datetime

from kwtsms_bot.bridge.sns.envelope import SnsRefused


class UnusableCertificate(Exception):
    """A certificate can't be read, has no RSA key, or is not valid at present."""


def check_signature(
    signed: bytes, signature: bytes, *, version: str, certificate: bytes, now: datetime
) -> None:
    """Checks that the owner of the certificate signed the text, by version 1 or 2.

    Raises:
        SnsRefused: it is signed by another, or is another text.
        UnusableCertificate: the certificate proves nothing.
    """
    # An extra, and slow to load.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256  # noqa: PLC0415
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    try:
        read = load_pem_x509_certificate(certificate)
        key = read.public_key()
    except ValueError as error:
        raise UnusableCertificate("it is no certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise UnusableCertificate("it has no RSA key")
    if not read.not_valid_before_utc <= now <= read.not_valid_after_utc:
        raise UnusableCertificate("it is not valid at present")
    # Version 1 is SHA-1 by definition; new topics can choose version 2.
    digest = SHA1() if version == "1" else SHA256()  # noqa: S303
    try:
        key.verify(signature, signed, PKCS1v15(), digest)
    except InvalidSignature:
        raise SnsRefused("wrong signature") from None
