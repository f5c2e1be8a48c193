"""Documents from the internet are fetched within bounds: over https, no redirects, 1 MiB."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from support.bridge import sample
from support.sns import NOW, TOPIC, CertificateAuthority
from support.tls_proxy import TlsProxy, tls_proxy

HOST = "sns.me-south-1.amazonaws.com"
CERTIFICATE_PATH = sample("sns_notification_cloudwatch")["SigningCertURL"].partition(HOST)[2]
MEBIBYTE = 1024 * 1024
FETCH = """
import asyncio, json, sys
from kwtsms_bot.bridge.guarded_http import FetchFailed, fetch
async def result(url):
    try:
        return len(await fetch(url))
    except FetchFailed as error:
        return str(error)
async def main():
    return [await result(url) for url in json.load(sys.stdin)]
print(json.dumps(asyncio.run(main())))
"""
CONFIRM = """
import asyncio, json, sys
from kwtsms_bot.bridge.sns.verifier import SnsVerifier
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
settings, body, now = json.load(sys.stdin)
verifier = SnsVerifier(IntegrationSettings.model_validate(settings))
asyncio.run(verifier.accept(body.encode(), now))
print(json.dumps("accepted"))
"""


async def run(script: str, content: object, proxy: TlsProxy, *, trusted: bool = True) -> Any:
    """Runs a program whose only way to the internet is the proxy; returns what it prints."""
    environment = {name: one for name, one in os.environ.items() if "proxy" not in name.lower()}
    environment |= {"HTTPS_PROXY": proxy.url}
    environment |= {"SSL_CERT_FILE": str(proxy.authority)} if trusted else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(json.dumps(content).encode())
    assert process.returncode == 0, err.decode()
    return json.loads(out.splitlines()[-1])


async def test_what_is_too_much_is_refused(tmp_path: Path) -> None:
    """A redirect is not followed, a large document is not read, an error is no document."""
    answers = {
        "/small": (200, b"x" * MEBIBYTE),
        "/large": (200, b"x" * (MEBIBYTE + 1)),
        "/moved": (302, b""),
        "/error": (500, b"x"),
    }
    async with tls_proxy(tmp_path, HOST, answers) as proxy:
        found = await run(FETCH, [f"https://{HOST}{path}" for path in answers], proxy)

        assert found == [
            MEBIBYTE,
            "it is larger than 1 MiB",
            "its server answered with status 302",
            "its server answered with status 500",
        ]
        assert proxy.asked == list(answers)


@pytest.mark.parametrize(
    ("trusted", "url"), [(False, f"https://{HOST}/small"), (True, "https://other.example/small")]
)
async def test_only_the_owner_of_the_name_is_believed(
    tmp_path: Path, *, trusted: bool, url: str
) -> None:
    """A certificate that nobody trusts, or of another name, ends the connection."""
    async with tls_proxy(tmp_path, HOST, {"/small": (200, b"x")}) as proxy:
        found = await run(FETCH, [url], proxy, trusted=trusted)

        assert (found, proxy.asked) == (["its server can't be reached"], [])


async def test_a_subscription_is_confirmed_at_amazon(tmp_path: Path) -> None:
    """The certificate is fetched first, then the address that confirms; each once."""
    authority = CertificateAuthority()
    body = authority.signed("sns_subscription_confirmation").decode()
    settings = {"kind": "sns", "token": "token-of-sns-0123456789", "topics": [TOPIC]}
    answers = {CERTIFICATE_PATH: (200, authority.certificate()), "/": (200, b"<Confirmed/>")}
    async with tls_proxy(tmp_path, HOST, answers) as proxy:
        done = await run(CONFIRM, [settings, body, NOW.timestamp()], proxy)

        assert done == "accepted"
        assert proxy.asked[0] == CERTIFICATE_PATH
        assert proxy.asked[1].startswith("/?Action=ConfirmSubscription&")
        assert len(proxy.asked) == 2
