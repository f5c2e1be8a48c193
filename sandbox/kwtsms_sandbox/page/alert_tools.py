"""The interface of the tools that send alerts to the app. Sends nothing itself."""

from typing import Protocol


class AlertsNotSent(Exception):
    """The app did not accept an alert; the text says so."""


class AlertToolsOfPage(Protocol):
    """Tools that send alerts when a button is pressed."""

    async def fire(self, kind: str) -> None:
        """Sends a new alert as the tool of this kind would.

        Raises:
            AlertsNotSent: it was not accepted.
        """

    def start_storm(self) -> None:
        """Begins to send 1,000 alerts within 10 s; without effect while it does so."""

    async def resolve_all(self) -> None:
        """Reports the end of every alert that was sent.

        Raises:
            AlertsNotSent: some ends were not accepted.
        """
