"""Every SQL statement of the alerts: what was seen, what is told of it, and where it has to go.

A notice and its way to each target are one transaction, so a crash neither loses nor repeats it.
"""

from kwtsms_bot.balance.store.deliveries import NoticeStore, PendingNotice
from kwtsms_bot.balance.store.digest import DigestStore
from kwtsms_bot.balance.store.samples import JOB, SampleStore

__all__ = ["JOB", "BalanceStore", "PendingNotice"]


class BalanceStore(SampleStore, DigestStore, NoticeStore):
    """The alerts in their database."""
