"""The Apprise plugin: kwtsms://user:password@SENDER/number/number.

Decides what is sent and what is reported; `transport` sends it. Logs no password, no number and no
text, at any level.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from apprise import NotifyBase, NotifyType
from apprise.common import OverflowMode, PersistentStoreMode
from apprise.url import PrivacyMode
from apprise.utils.parse import parse_bool, validate_regex

from apprise_kwtsms.body_text import FORMATS, as_text
from apprise_kwtsms.templates import ARGUMENTS, TOKENS
from apprise_kwtsms.transport import exchange
from apprise_kwtsms.url_parts import AppriseImproperlyConfigured, url_parts
from kwtsms_client import (
    ConfigurationError,
    Credentials,
    KwtSMSError,
    Rejected,
    UnknownOutcome,
    inspect_message,
)
from kwtsms_client.numbering_plan import country_by_code
from kwtsms_client.phone import check_phone
from kwtsms_client.protocol import MAX_RECIPIENTS, send
from kwtsms_client.recipients import as_given, split_recipients

MAX_LATIN_CHARACTERS = 1_071  # Seven Latin pages.
MAX_PART_CHARACTERS = (
    450  # Seven pages in Unicode are 469; a part begins with its number, as in (10/12).
)
MAY_HAVE_BEEN_SENT = "may have been sent"


class NotifyKwtSMS(NotifyBase):  # type: ignore[misc]  # Apprise brings no types.
    """SMS through kwtSMS, the Kuwaiti gateway."""

    service_name = "kwtSMS"
    service_url = "https://www.kwtsms.com/"
    setup_url = "https://www.kwtsms.com/developers.html"
    secure_protocol = "kwtsms"
    category = "custom"
    storage_mode = PersistentStoreMode.MEMORY

    notify_format = FORMATS
    title_maxlen = 0  # A title goes in front of the body.
    seconds_between_parts = 16.0  # ERR028: a number is not sent to twice within 15 s.
    request_rate_per_sec = 0.5  # Seconds between requests: kwtSMS advises two a second.
    socket_read_timeout = 15.0
    default_batch_size = MAX_RECIPIENTS
    default_country = "965"

    templates = ("{schema}://{user}:{password}@{sender}/{targets}",)
    template_tokens: ClassVar[dict[str, Any]] = {**NotifyBase.template_tokens, **TOKENS}
    template_args: ClassVar[dict[str, Any]] = {**NotifyBase.template_args, **ARGUMENTS}

    def __init__(  # noqa: PLR0917 - Apprise reads the arguments' names, and only those before a star.
        self,
        source: Any = None,
        targets: Any = None,
        batch: Any = None,
        test: Any = None,
        country: Any = None,
        resend: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not (self.user and self.password):
            raise self._configuration_error("kwtSMS needs your API user name and password.")
        self.source = validate_regex(source, *self.template_tokens["sender"]["regex"])
        if not self.source:
            raise self._configuration_error("kwtSMS needs a sender ID of at most 11 characters.")
        self.batch = True if batch is None else parse_bool(batch)
        self.test = parse_bool(test)
        self.resend = parse_bool(resend)
        try:
            self.country = country_by_code(country or self.default_country).code
        except ConfigurationError as error:
            raise self._configuration_error(
                "kwtSMS: country isn't a known country code. Use 965, for example."
            ) from error
        self.targets, self.invalid_targets = self._split_valid(targets)
        if not hasattr(self, "mark_delivered"):
            self.retry = 0  # Apprise before 2.0 would send everything again to everybody.

    @property
    def body_maxlen(self) -> int:
        """The longest body: seven Latin pages, or a part that fits seven pages in any language."""
        return (
            MAX_PART_CHARACTERS
            if self.overflow_mode == OverflowMode.SPLIT
            else MAX_LATIN_CHARACTERS
        )

    def _configuration_error(self, text: str) -> Exception:
        self.logger.warning(text)
        error: Exception = AppriseImproperlyConfigured(text)
        return error

    def _split_valid(self, targets: Any) -> tuple[list[str], list[str]]:
        """The valid numbers, each once, and the invalid ones; `url()` keeps both."""
        good: dict[str, None] = {}
        bad: list[str] = []
        for target in filter(None, split_recipients(targets)):
            check = check_phone(target, self.country)
            if check.valid:
                good[check.normalized] = None
            else:
                bad.append(as_given(target))
        if bad:
            self.logger.warning("kwtSMS: %d of the targets aren't valid phone numbers.", len(bad))
        return list(good), bad

    def send(
        self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **kwargs: Any
    ) -> bool:
        """Sends to all targets; returns whether every one of them was accepted."""
        del title, notify_type
        declared = kwargs.get("body_format") or self.notify_format
        report = inspect_message(as_text(body, declared))
        text = report.cleaned.strip()
        index, total = kwargs.get("index", 0), kwargs.get("total", 1)
        if total > 1:
            text = f"({index + 1}/{total}) {text}"
        if not self.targets:
            self.logger.warning("kwtSMS: nothing was sent, because no target is a phone number.")
            return False
        if not text:
            self.logger.warning("kwtSMS: nothing was sent, because the message is empty.")
            return False
        if index:
            self.throttle(wait=self.seconds_between_parts)
        done = [self._send_batch(batch, text) for batch in self._batches()]
        return all(done) and not self.invalid_targets

    def _batches(self) -> Iterator[Sequence[str]]:
        size = self.default_batch_size if self.batch else 1
        return (self.targets[start : start + size] for start in range(0, len(self.targets), size))

    def _send_batch(self, batch: Sequence[str], text: str) -> bool:
        key = batch[0]
        if self._tracks_delivery and self.is_delivered(key):
            return not self.recall(MAY_HAVE_BEEN_SENT + key)
        self.throttle()
        call = send(sender=self.source, recipients=batch, text=text, test=self.test)
        credentials = Credentials(self.user, self.password)
        try:
            answer = exchange(
                call,
                credentials,
                app=self.app_id,
                verify=self.verify_certificate,
                timeout=self.request_timeout,
            )
        except KwtSMSError as error:
            self._report_failure(error, key, len(batch))
            return False
        if self._tracks_delivery:
            self.mark_delivered(key)
        self.logger.info(
            "Sent kwtSMS notification to %d number(s), message ID %s.",
            len(batch),
            answer.message_id,
        )
        return True

    @property
    def _tracks_delivery(self) -> bool:
        return hasattr(self, "mark_delivered")

    def _report_failure(self, error: KwtSMSError, key: str, count: int) -> None:
        if isinstance(error, UnknownOutcome):
            if self._tracks_delivery and not self.resend:  # A retry must not send it a second time.
                self.mark_delivered(key)
                self.remember(MAY_HAVE_BEEN_SENT + key, True)
            self.logger.warning(
                "kwtSMS: %s, so the message to %d number(s) %s.", error, count, MAY_HAVE_BEEN_SENT
            )
        elif isinstance(error, Rejected):
            self.logger.warning(
                "kwtSMS rejected %d number(s), %s: %s %s",
                count,
                error.code,
                error.info.meaning,
                error.remedy,
            )
        else:
            self.logger.warning("kwtSMS: %s; nothing was sent to %d number(s).", error, count)

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:  # noqa: FBT001, FBT002
        """The URL that recreates this object."""
        params = {
            "batch": "yes" if self.batch else "no",
            "test": "yes" if self.test else "no",
            "resend": "yes" if self.resend else "no",
            "country": self.country,
            **self.url_parameters(*args, privacy=privacy, **kwargs),
        }
        user = self.quote(self.user, safe="")
        password = self.pprint(self.password, privacy, mode=PrivacyMode.Secret, safe="")
        source = self.quote(self.source, safe="")
        numbers = [f"+{number}" for number in self.targets] + self.invalid_targets
        targets = "/".join(self.pprint(one, privacy, safe="") for one in numbers)
        return (
            f"{self.secure_protocol}://{user}:{password}@{source}/{targets}"
            f"?{self.urlencode(params)}"
        )

    @property
    def url_identifier(self) -> tuple[str, ...]:
        """The account and the sender ID, without the targets."""
        return (self.secure_protocol, self.user, self.password, self.source)

    def __len__(self) -> int:
        """The number of requests that a notification takes."""
        size = self.default_batch_size if self.batch else 1
        return max(1, -(-len(self.targets) // size))

    @staticmethod
    def parse_url(url: Any) -> dict[str, Any] | None:
        """The constructor's arguments from a kwtsms:// URL; None for any other URL."""
        results = url_parts(url, verify_host=False)
        if not results or results["schema"] != NotifyKwtSMS.secure_protocol:
            return None
        query, unquote = results["qsd"], NotifyBase.unquote
        host, path = unquote(results["host"]), NotifyBase.split_path(results["fullpath"])
        if query.get("from"):
            results["source"], results["targets"] = unquote(query["from"]), [host, *path]
        else:
            results["source"], results["targets"] = host, path
        results["targets"] = [one for one in results["targets"] if one and one != "_"]
        if query.get("to"):
            results["targets"] += split_recipients(unquote(query["to"]))
        for name in ("user", "pass"):
            if query.get(name):
                results["password" if name == "pass" else name] = unquote(query[name])
        for name in ("batch", "test", "resend", "country"):
            if query.get(name):
                results[name] = unquote(query[name])
        return results
