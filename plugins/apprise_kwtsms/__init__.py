"""kwtsms:// and kwtsmsbridge:// for Apprise.

Importing this registers nothing and needs no Apprise: a plugin that registers itself while Apprise
loads its plugins waits for a lock that Apprise holds. Call `register()`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bridge_plugin import NotifyKwtSMSBridge
    from .plugin import NotifyKwtSMS

__all__ = ["BRIDGE_MODULE", "MODULE", "STUB", "NotifyKwtSMS", "NotifyKwtSMSBridge", "register"]

# Content of a plugin file of Apprise: enough for its command line and for Apprise API.
STUB = """\
# Makes kwtsms:// and kwtsmsbridge:// known to Apprise. Written by: kwtsms-bridge apprise install
import apprise_kwtsms

apprise_kwtsms.register()
"""
# Contents of files in Apprise's own folder, where it finds one class a file, by its name.
MODULE = """\
# kwtsms:// for Apprise. Written by: kwtsms-bridge apprise install --zero-touch
from apprise_kwtsms.plugin import NotifyKwtSMS as NotifyKwtSMS
"""
BRIDGE_MODULE = """\
# kwtsmsbridge:// for Apprise. Written by: kwtsms-bridge apprise install --zero-touch
from apprise_kwtsms.bridge_plugin import NotifyKwtSMSBridge as NotifyKwtSMSBridge
"""


def register() -> bool:
    """Registers both schemas for every Apprise object of this process; harmless when repeated."""
    from apprise import NotificationManager  # noqa: PLC0415 - Apprise may not be installed.

    from .bridge_plugin import NotifyKwtSMSBridge  # noqa: PLC0415
    from .plugin import NotifyKwtSMS  # noqa: PLC0415

    manager = NotificationManager()
    plugins = {"kwtsms": NotifyKwtSMS, "kwtsmsbridge": NotifyKwtSMSBridge}
    return all(
        (schema in manager and manager[schema] is plugin) or bool(manager.add(plugin))
        for schema, plugin in plugins.items()
    )


def __getattr__(name: str) -> Any:
    if name == "NotifyKwtSMS":
        from .plugin import NotifyKwtSMS  # noqa: PLC0415 - it needs Apprise.

        return NotifyKwtSMS
    if name == "NotifyKwtSMSBridge":
        from .bridge_plugin import NotifyKwtSMSBridge  # noqa: PLC0415 - it needs Apprise.

        return NotifyKwtSMSBridge
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
