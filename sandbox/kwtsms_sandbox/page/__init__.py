"""A local web page: a workspace on the left, phones on the right, the gateway below.

    page = PageServer(gateway=gateway, slack=slack)
    async with serve(page.app()) as served:
        ...  # open f"{served.url}/"

It is for a browser on the same machine, never for the network.
"""

from kwtsms_sandbox.page.alert_tools import AlertsNotSent
from kwtsms_sandbox.page.server import PageServer
from kwtsms_sandbox.page.suggestions import COMMANDS, AlertButton, Guide, Hint, Shortcut, Step

__all__ = [
    "COMMANDS",
    "AlertButton",
    "AlertsNotSent",
    "Guide",
    "Hint",
    "PageServer",
    "Shortcut",
    "Step",
]
