"""All SQL statements on the balance: its samples, its notices and their deliveries.

A notice and its deliveries are one transaction, so a crash neither loses nor repeats it.
"""

from dataclasses import dataclass

from kwtsms_bot.balance.store.deliveries import NoticeStore, PendingNotice
from kwtsms_bot.balance.store.digest import DigestStore
from kwtsms_bot.balance.store.samples import JOB, SampleStore
from kwtsms_bot.database import Database

__all__ = ["JOB", "BalanceStore", "PendingNotice", "open_balance_store"]


@dataclass(frozen=True, slots=True)
class BalanceStore:
    """The stores of balance samples, digests and notices."""

    samples: SampleStore
    digests: DigestStore
    notices: NoticeStore


def open_balance_store(database: Database) -> BalanceStore:
    """Returns the balance stores in `database`."""
    return BalanceStore(SampleStore(database), DigestStore(database), NoticeStore(database))
