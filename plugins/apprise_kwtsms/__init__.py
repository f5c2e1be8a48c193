"""kwtsms:// for Apprise.

Importing this registers nothing and needs no Apprise: a plugin that registers itself while Apprise
loads its plugins waits for a lock that Apprise holds. Call `register()`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .plugin import NotifyKwtSMS

__all__ = ["MODULE", "STUB", "NotifyKwtSMS", "register"]

SCHEMA = "kwtsms"
# Content of a plugin file of Apprise: enough for its command line and for Apprise API.
STUB = """\
# Makes kwtsms:// known to Apprise. Written by: kwtsms-bridge apprise install
import apprise_kwtsms

apprise_kwtsms.register()
"""
# Content of a file in Apprise's own folder, where it looks for classes by their name.
MODULE = """\
# kwtsms:// for Apprise. Written by: kwtsms-bridge apprise install --zero-touch
from apprise_kwtsms.plugin import NotifyKwtSMS as NotifyKwtSMS
"""


def register() -> bool:
    """Registers kwtsms:// for every Apprise object of this process; harmless when repeated."""
    from apprise import NotificationManager  # noqa: PLC0415 - Apprise may not be installed.

    from .plugin import NotifyKwtSMS  # noqa: PLC0415

    manager = NotificationManager()
    if SCHEMA in manager and manager[SCHEMA] is NotifyKwtSMS:
        return True
    return bool(manager.add(NotifyKwtSMS))


def __getattr__(name: str) -> Any:
    if name == "NotifyKwtSMS":
        from .plugin import NotifyKwtSMS  # noqa: PLC0415 - it needs Apprise.

        return NotifyKwtSMS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
