"""Failed connections: the certificate or the proxy that is the cause, by its variable."""

import ssl
from pathlib import Path

import pytest

from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.doctor.network import SLACK_PROXIES, check_certificates, connection_remedy


def untrusted() -> Exception:
    """An error of a library, whose cause is a certificate that isn't trusted."""
    error = ConnectionError("cannot connect")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate in certificate chain")
    return error


def test_a_private_ca_is_named_before_a_proxy() -> None:
    """The remedy is SSL_CERT_FILE, also where the connection goes through a proxy."""
    found = connection_remedy(untrusted(), {"HTTPS_PROXY": "http://127.0.0.1:1"})

    assert "set SSL_CERT_FILE" in found


@pytest.mark.parametrize("name", SLACK_PROXIES)
def test_a_dead_proxy_is_named_by_its_variable(name: str) -> None:
    """The variable and the address are shown, and never the proxy's user and password."""
    environ = {name: "http://user:the-password@proxy.example:3128"}
    found = connection_remedy(OSError("refused"), environ, SLACK_PROXIES)

    assert f"{name} sends this connection through the proxy proxy.example:3128" in found
    assert "the-password" not in found


def test_without_either_the_environment_is_not_the_cause() -> None:
    """The caller's own remedy counts then."""
    assert connection_remedy(OSError("refused"), {"HTTPS_PROXY": " "}) == ""


@pytest.mark.parametrize(
    ("name", "level"),
    [("SSL_CERT_FILE", FindingLevel.PROBLEM), ("REQUESTS_CA_BUNDLE", FindingLevel.WARNING)],
)
def test_a_file_without_certificates_is_found(
    tmp_path: Path, name: str, level: FindingLevel
) -> None:
    """A text file is named with its variable; only OpenSSL's own variables stop everything."""
    file = tmp_path / "ca.pem"
    file.write_text("no certificate")
    (found,) = check_certificates({name: str(file)})

    assert found.level is level
    assert f"{name} points to a file without PEM certificates ({file})" in found.what
