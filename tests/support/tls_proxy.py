"""A proxy that answers for any https address itself, by a certificate of the tests."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


@dataclass
class TlsProxy:
    """A running proxy, and what it was asked for."""

    answers: Mapping[str, tuple[int, bytes]]  # By path: status and body.
    url: str = ""
    authority: Path = Path()  # The certificate to trust.
    asked: list[str] = field(default_factory=list)

    async def serve(
        self, tls: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answers one request, inside of the tunnel that it asks for."""
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.start_tls(tls)
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split()[1]
            self.asked.append(path)
            status, body = self.answers[path.partition("?")[0]]
            location = "Location: https://169.254.169.254/\r\n" if status == 302 else ""
            writer.write(
                f"HTTP/1.1 {status} Answer\r\n{location}Content-Length: {len(body)}\r\n"
                "Connection: close\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):  # The client trusts it not, or is gone.
            return
        finally:
            writer.close()


@asynccontextmanager
async def tls_proxy(
    folder: Path, host: str, answers: Mapping[str, tuple[int, bytes]]
) -> AsyncIterator[TlsProxy]:
    """Runs a proxy that has a certificate for this host."""
    proxy = TlsProxy(answers)
    key_file, proxy.authority = _write_certificate(folder, host)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(proxy.authority, key_file)
    server = await asyncio.start_server(lambda *streams: proxy.serve(tls, *streams), "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy


def _write_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """Writes a key and its certificate; returns the files."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate
