"""Every SQL statement of the alerts: what was seen, what is told of it, and where it has to go.

A notice and its way to each target are one transaction, so a crash neither loses nor repeats it.
"""

from kwtsms_bot.alerts.store.delivering import Delivering, Pending
from kwtsms_bot.alerts.store.looking import JOB, Looking
from kwtsms_bot.alerts.store.summing import Summing

__all__ = ["JOB", "AlertStore", "Pending"]


class AlertStore(Looking, Summing, Delivering):
    """The alerts in their database."""
