"""Messages of Amazon SNS are accepted if Amazon signed them lately, for a topic of ours."""

import json
from datetime import timedelta
from typing import Any

import pytest

from kwtsms_bot.bridge.guarded_http import FetchFailed, fetch, is_public
from kwtsms_bot.bridge.models import WebhookRefused
from kwtsms_bot.bridge.sns.envelope import SnsRefused, is_certificate_url
from kwtsms_bot.bridge.sns.verifier import SnsUnavailable, SnsVerifier
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
from support.bridge import sample
from support.sns import NOW, TOPIC, CertificateAuthority, other_key

ALARM, SUBSCRIPTION = "sns_notification_cloudwatch", "sns_subscription_confirmation"
AUTHORITY, STRANGER = CertificateAuthority(), CertificateAuthority()
CERTIFICATE_URL = sample(ALARM)["SigningCertURL"]


class Internet:
    """Pages that the bot fetches; without a certificate, there is no internet."""

    def __init__(self, certificate: bytes | None = None) -> None:
        self.certificate = certificate if certificate is not None else AUTHORITY.certificate()
        self.fetched: list[str] = []

    async def fetch(self, url: str) -> bytes:
        """Returns the certificate, or a page of Amazon's."""
        if not self.certificate:
            raise FetchFailed("no answer within 10 s")
        self.fetched.append(url)
        return self.certificate if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"


def verifier(internet: Internet, **changes: Any) -> SnsVerifier:
    """A verifier of messages of the samples' topic."""
    settings = {"kind": "sns", "token": "token-of-sns-0123456789", "topics": [TOPIC]} | changes
    return SnsVerifier(IntegrationSettings.model_validate(settings), fetch=internet.fetch)


async def accept(
    body: bytes, internet: Internet | None = None, *, late: timedelta = timedelta()
) -> None:
    """Has a message checked some time after it was sent."""
    await verifier(internet or Internet()).accept(body, (NOW + late).timestamp())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["ALARM: cpu-high", None])
async def test_a_real_signature_is_accepted(version: str, subject: str | None) -> None:
    """Both versions pass, with a subject and without; the certificate is fetched once."""
    internet = Internet()
    checked = verifier(internet)
    body = AUTHORITY.signed(ALARM, version=version, Subject=subject)
    await checked.accept(body, NOW.timestamp())
    await checked.accept(body, NOW.timestamp())

    assert internet.fetched == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"TopicArn": TOPIC.replace("alarms", "others")}, "a topic that is not in topics"),
        ({"SigningCertURL": "https://evil.example.com/a.pem"}, "a certificate from elsewhere"),
        ({"SigningCertURL": None}, "a certificate from elsewhere"),
        ({"Timestamp": "2026-11-02T10:02:00.000Z"}, "the signed time is too old"),
        ({"Timestamp": "2026-11-02T11:12:00.000Z"}, "the signed time is too old"),
        ({"Timestamp": "yesterday"}, "the signed time is too old"),
        ({"SignatureVersion": "3"}, "an unknown version of the signature"),
    ],
)
async def test_what_is_not_ours_is_refused(changes: dict[str, Any], reason: str) -> None:
    """A foreign topic, a certificate from elsewhere and old messages are refused unfetched."""
    internet = Internet()

    with pytest.raises(SnsRefused, match=reason):
        await accept(AUTHORITY.signed(ALARM, **changes), internet)
    assert internet.fetched == []


async def test_a_stranger_is_refused() -> None:
    """A stranger's key, another text and a missing signature prove nothing."""
    changed = json.loads(AUTHORITY.signed(ALARM)) | {"Message": "Send all credits"}
    bodies = [
        STRANGER.signed(ALARM),
        json.dumps(changed).encode(),
        json.dumps(changed | {"Signature": "not base 64"}).encode(),
        json.dumps({key: one for key, one in changed.items() if key != "Signature"}).encode(),
    ]

    for body in bodies:
        with pytest.raises(SnsRefused, match="wrong signature"):
            await accept(body)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_signature_of_the_other_version_is_refused(version: str) -> None:
    """The version says how it was signed; it can't be chosen later."""
    other = {"1": "2", "2": "1"}[version]
    body = json.loads(AUTHORITY.signed(ALARM, version=version)) | {"SignatureVersion": other}

    with pytest.raises(SnsRefused, match="wrong signature"):
        await accept(json.dumps(body).encode())


@pytest.mark.parametrize(
    "certificate",
    [
        b"no certificate",
        AUTHORITY.certificate(ends=NOW - timedelta(days=1)),
        AUTHORITY.certificate(key=other_key()),
    ],
    ids=["unreadable", "expired", "not RSA"],
)
async def test_a_certificate_that_proves_nothing_is_fetched_again(certificate: bytes) -> None:
    """The message is refused, and the certificate is not kept."""
    internet = Internet(certificate)
    checked = verifier(internet)
    for _ in range(2):
        with pytest.raises(SnsRefused, match="an unusable certificate"):
            await checked.accept(AUTHORITY.signed(ALARM), NOW.timestamp())

    assert internet.fetched == [CERTIFICATE_URL] * 2


async def test_a_subscription_is_confirmed() -> None:
    """The address that Amazon gives is fetched, once the message is known to be Amazon's."""
    internet = Internet()
    await accept(AUTHORITY.signed(SUBSCRIPTION), internet)

    assert internet.fetched == [CERTIFICATE_URL, sample(SUBSCRIPTION)["SubscribeURL"]]


@pytest.mark.parametrize(
    "changes",
    [
        {"TopicArn": TOPIC.replace("alarms", "others")},
        {"SubscribeURL": "https://evil.example.com/?Action=ConfirmSubscription"},
        {"SubscribeURL": "http://sns.me-south-1.amazonaws.com/?Action=ConfirmSubscription"},
    ],
)
async def test_another_subscription_is_not_confirmed(changes: dict[str, str]) -> None:
    """Neither a foreign topic's, nor at an address that is not Amazon's."""
    internet = Internet()

    with pytest.raises(SnsRefused):
        await accept(AUTHORITY.signed(SUBSCRIPTION, **changes), internet)
    assert all(url.endswith(".pem") for url in internet.fetched)


async def test_an_unreachable_amazon_is_tried_again() -> None:
    """Without the certificate nothing is decided, so SNS is asked to come again."""
    with pytest.raises(SnsUnavailable):
        await accept(AUTHORITY.signed(ALARM), Internet(b""))


async def test_a_configured_certificate_needs_no_internet() -> None:
    """A bot that can't reach Amazon checks signatures by the certificate in config.yaml."""
    internet = Internet()
    checked = verifier(internet, certificate=AUTHORITY.certificate().decode())
    await checked.accept(AUTHORITY.signed(ALARM), NOW.timestamp())
    await checked.accept(AUTHORITY.signed(SUBSCRIPTION), NOW.timestamp())

    assert internet.fetched == []
    with pytest.raises(SnsRefused, match="wrong signature"):
        await checked.accept(STRANGER.signed(ALARM), NOW.timestamp())


async def test_what_is_no_message_is_unreadable() -> None:
    """Another shape is refused as such, not as a wrong signature."""
    with pytest.raises(WebhookRefused, match="expected Type, TopicArn and Message"):
        await accept(b"{}")
    with pytest.raises(SnsRefused, match="a field of the envelope is missing"):
        await accept(json.dumps(sample(ALARM) | {"MessageId": 7}).encode())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://sns.me-south-1.amazonaws.com/SimpleNotificationService-1.pem", True),
        ("https://sns.us-gov-west-1.amazonaws.com/a.pem", True),
        ("https://sns.cn-north-1.amazonaws.com.cn/a.pem", True),
        ("https://sns.me-south-1.amazonaws.com:443/a.pem", True),
        ("http://sns.me-south-1.amazonaws.com/a.pem", False),
        ("https://sns.me-south-1.amazonaws.com/a.txt", False),
        ("https://sns.me-south-1.amazonaws.com:8443/a.pem", False),
        ("https://sns.me-south-1.amazonaws.com.evil.example/a.pem", False),
        ("https://sns.me-south-1.amazonaws.com@evil.example/a.pem", False),
        ("https://evil.sns.me-south-1.amazonaws.com/a.pem", False),
        ("https://bucket.s3.amazonaws.com/a.pem", False),
        ("https://sns.amazonaws.com/a.pem", False),
        ("https://[::1/a.pem", False),
        ("", False),
    ],
)
def test_only_amazons_own_addresses_have_certificates(url: str, *, expected: bool) -> None:
    """The host must be SNS of a region, over https; nobody else can publish there."""
    assert is_certificate_url(url) is expected


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://sns.me-south-1.amazonaws.com/a.pem", "its address is not https"),
        ("https://127.0.0.1/a.pem", "its address is one of this network"),
        ("https://[::ffff:10.0.0.1]/a.pem", "its address is one of this network"),
        ("https://169.254.169.254/latest/meta-data", "its address is one of this network"),
        ("https://localhost/a.pem", "its server can't be reached"),
    ],
)
async def test_nothing_is_fetched_from_this_network(
    monkeypatch: pytest.MonkeyPatch, url: str, reason: str
) -> None:
    """Neither by a number nor by a name is an address of this network asked."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    with pytest.raises(FetchFailed, match=reason):
        await fetch(url)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("52.94.8.1", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("2a05:d07c::1", True),
    ],
)
def test_public_addresses(address: str, *, expected: bool) -> None:
    """An IPv4 address that IPv6 wraps counts as itself."""
    assert is_public(address) is expected
