"""Makes a temporary certificate, for clients that insist on HTTPS.

The CA lasts as long as the directory it is written to; nothing is added to the system.
"""

import ssl
from pathlib import Path

import trustme


def local_tls(directory: Path) -> tuple[ssl.SSLContext, Path]:
    """Returns a server context for 127.0.0.1 and localhost, and the file of its CA."""
    authority = trustme.CA(organization_name="kwtSMS sandbox")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return context, ca_file
