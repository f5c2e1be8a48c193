"""The library's errors, as a tree split by what a caller can do about them. Performs no I/O.

KwtSMSError
├── InvalidInput          nothing left this machine: the input is wrong
├── ConfigurationError    nothing left this machine: the set-up is wrong
├── NotSent               nothing left this machine: no connection was made; safe to repeat
├── UnknownOutcome        it left, and no readable answer came; a repetition may send twice
├── BridgeRefused         a kwtsms-bridge refused it; nothing was sent
└── Rejected              the gateway rejected it; nothing was charged
    ├── AccountError      an administrator has to act (ERR001 003 004 005 024 033)
    ├── CreditError       credits have to be bought (ERR010 011)
    ├── SenderError       the sender ID is not usable (ERR008)
    ├── RecipientError    the number is not usable (ERR006 007 025 026)
    ├── ContentError      the text is not usable (ERR009 012 027 031 032)
    ├── QueueFull         wait, then repeat (ERR013)
    ├── TooSoon           wait 16 s, then repeat (ERR028)
    ├── ReportUnavailable there is no status or report (ERR019-023 029 030)
    └── RequestError      the request is malformed, or the code is new to us
"""

from kwtsms_client.error_codes import API_ERRORS, MAYBE_SENT, UNAVAILABLE, ErrorInfo


class KwtSMSError(Exception):
    """Anything that this library raises on purpose."""

    code: str | None = None  # kwtSMS's own, where it gave one.

    @property
    def description(self) -> str:
        """The description of the error."""
        return str(self)

    @property
    def remedy(self) -> str:
        """The remedy for an operator."""
        return "Fix what the description says, and try again. Nothing left this machine."

    @property
    def user_message(self) -> str:
        """The message for an end user; reveals nothing about the account."""
        return UNAVAILABLE


class InvalidInput(KwtSMSError, ValueError):
    """The input is wrong; nothing left this machine. The text says what is wrong and the remedy."""

    def __init__(self, text: str, *, user_message: str = UNAVAILABLE) -> None:
        super().__init__(text)
        self._user_message = user_message

    @property
    def user_message(self) -> str:
        """The message for an end user."""
        return self._user_message


class ConfigurationError(KwtSMSError, ValueError):
    """The set-up is wrong; nothing left this machine."""


class NotSent(KwtSMSError):
    """No connection was made, so nothing left this machine; repeating it is safe."""

    @property
    def remedy(self) -> str:
        """The remedy for an operator."""
        return "Send it again. If that doesn't help, check the network, DNS and the firewall."


class UnknownOutcome(KwtSMSError):
    """The request left and no readable answer came: a send may or may not have happened."""

    @property
    def remedy(self) -> str:
        """The remedy for an operator."""
        return "Check your kwtsms.com archive before you send it again."

    @property
    def user_message(self) -> str:
        """The message for an end user."""
        return MAYBE_SENT


class BridgeRefused(KwtSMSError):
    """A kwtsms-bridge refused the request; `param` names the part of it that is wrong."""

    def __init__(
        self,
        code: str,
        text: str,
        *,
        status: int,
        param: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.code: str = code
        self.status, self.param, self.retry_after = status, param, retry_after

    @property
    def remedy(self) -> str:
        """The remedy for an operator."""
        return "Fix what the description says, and try again. Nothing was sent."


class Rejected(KwtSMSError):
    """The gateway rejected the request; nothing was charged."""

    def __init__(self, code: str, description: str = "") -> None:
        self.code: str = code
        self.info = API_ERRORS.get(code) or _unknown(code)
        super().__init__(code, description or self.info.meaning)

    def __str__(self) -> str:
        return f"{self.code}: {self.description} {self.remedy}"

    @property
    def description(self) -> str:
        """The description by kwtSMS, or the meaning of its code."""
        return str(self.args[1])

    @property
    def remedy(self) -> str:
        """The remedy for an operator."""
        return self.info.remedy

    @property
    def user_message(self) -> str:
        """The message for an end user; reveals nothing about the account."""
        return self.info.user_message

    @property
    def fatal(self) -> bool:
        """Whether the rest of a bulk would be refused for the same reason."""
        return self.info.fatal

    @property
    def wait(self) -> int | None:
        """The seconds after which a retry may succeed; None if it cannot."""
        return self.info.retry_after


class AccountError(Rejected):
    """An administrator of the account has to act."""


class CreditError(Rejected):
    """Credits have to be bought."""


class SenderError(Rejected):
    """The sender ID is banned, unknown or written in another case."""


class RecipientError(Rejected):
    """The number cannot be reached."""


class ContentError(Rejected):
    """The text is not accepted."""


class QueueFull(Rejected):
    """The account's queue of 1,000 messages is full."""


class TooSoon(Rejected):
    """A message to the same number was sent less than 15 seconds ago."""


class ReportUnavailable(Rejected):
    """There is no status or delivery report."""


class RequestError(Rejected):
    """The request is malformed, or the code is not known here."""


_CLASSES: dict[type[Rejected], str] = {
    AccountError: "001 003 004 005 024 033",
    CreditError: "010 011",
    SenderError: "008",
    RecipientError: "006 007 025 026",
    ContentError: "009 012 027 031 032",
    QueueFull: "013",
    TooSoon: "028",
    ReportUnavailable: "019 020 021 022 023 029 030",
    RequestError: "002",
}
_CLASS_OF = {f"ERR{code}": kind for kind, codes in _CLASSES.items() for code in codes.split()}


def rejection(code: str, description: str = "") -> Rejected:
    """The error for a code; an unknown code becomes a `RequestError` that keeps it."""
    return _CLASS_OF.get(code, RequestError)(code, description)


def _unknown(code: str) -> ErrorInfo:
    remedy = "Look up the code in kwtSMS's documentation."
    return ErrorInfo(code, f"kwtSMS answered {code}.", remedy, UNAVAILABLE, "high")
