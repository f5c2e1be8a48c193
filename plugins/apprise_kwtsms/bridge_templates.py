"""The parts of a kwtsmsbridge:// URL, as Apprise wants them described. Pure data."""

from typing import Any

from apprise.locale import gettext_lazy as _

from apprise_kwtsms.alert_fields import SEVERITIES, STATUSES

TEMPLATES = (
    "{schema}://{user}:{password}@{host}",
    "{schema}://{user}:{password}@{host}:{port}",
    "{schema}://{user}:{password}@{host}/{receiver}",
    "{schema}://{user}:{password}@{host}:{port}/{receiver}",
)
TOKENS: dict[str, Any] = {
    "user": {"name": _("Integration"), "type": "string", "required": True},
    "password": {"name": _("Token"), "type": "string", "private": True, "required": True},
    "host": {"name": _("Hostname"), "type": "string", "required": True},
    "port": {"name": _("Port"), "type": "int", "min": 1, "max": 65535},
    "receiver": {
        "name": _("Receiver"),
        "type": "string",
        "regex": (r"^[^/\s]{1,40}$", "i"),
    },
}
ARGUMENTS: dict[str, Any] = {
    "severity": {"name": _("Severity"), "type": "choice:string", "values": SEVERITIES},
    "status": {"name": _("Status"), "type": "choice:string", "values": STATUSES},
    "key": {"name": _("Key Of The Alert"), "type": "string"},
    "https": {"name": _("Secure Connection"), "type": "bool", "default": False},
}
LABELS: dict[str, Any] = {"name": _("Labels"), "prefix": ":"}
