"""The parts of a kwtsms:// URL, as Apprise wants them described. Pure data."""

from typing import Any

from apprise.locale import gettext_lazy as _

TOKENS: dict[str, Any] = {
    "user": {"name": _("API Username"), "type": "string", "required": True},
    "password": {"name": _("API Password"), "type": "string", "private": True, "required": True},
    "sender": {
        "name": _("Sender ID"),
        "type": "string",
        "required": True,
        "regex": (r"^[^/\s][^/]{0,10}$", "i"),
        "map_to": "source",
    },
    "target_phone": {
        "name": _("Target Phone No"),
        "type": "string",
        "prefix": "+",
        "map_to": "targets",
    },
    "targets": {"name": _("Targets"), "type": "list:string", "required": True},
}
ARGUMENTS: dict[str, Any] = {
    "from": {"alias_of": "sender"},
    "to": {"alias_of": "targets"},
    "batch": {"name": _("Batch Mode"), "type": "bool", "default": True},
    "test": {"name": _("Test Mode"), "type": "bool", "default": False},
    "country": {"name": _("Default Country Code"), "type": "string", "default": "965"},
    "resend": {"name": _("Resend If Unknown"), "type": "bool", "default": False},
}
