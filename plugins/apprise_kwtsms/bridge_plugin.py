"""The Apprise plugin kwtsmsbridge://NAME:TOKEN@host/receiver, which posts alerts to the bot.

Decides what is posted and what is reported; `bridge_transport` posts it. Logs no token, no title
and no text, at any level.
"""

from typing import Any, ClassVar

from apprise import NotifyBase, NotifyType
from apprise.common import PersistentStoreMode
from apprise.url import PrivacyMode
from apprise.utils.parse import GET_SCHEMA_RE, parse_bool, validate_regex

from apprise_kwtsms.alert_fields import (
    MAX_TEXT,
    MAX_TITLE,
    SEVERITIES,
    STATUSES,
    AlertSettings,
    alert_fields,
)
from apprise_kwtsms.body_text import FORMATS, as_text
from apprise_kwtsms.bridge_templates import ARGUMENTS, LABELS, TEMPLATES, TOKENS
from apprise_kwtsms.bridge_transport import PostFailed, post_alert
from apprise_kwtsms.idempotency import IdempotencyKeys, digest
from apprise_kwtsms.url_parts import AppriseImproperlyConfigured, url_parts

SCHEMA, SECURE_SCHEMA = "kwtsmsbridge", "kwtsmsbridges"
# Apprise 1.9.1 reads schemas of at most 12 letters; there, https=yes says the same.
KNOWS_SECURE_SCHEMA = bool(GET_SCHEMA_RE.match(f"{SECURE_SCHEMA}://"))


class NotifyKwtSMSBridge(NotifyBase):  # type: ignore[misc]  # Apprise brings no types.
    """Alerts for kwtsms-bridge, which decides who is texted about them."""

    service_name = "kwtSMS Bridge"
    service_url = "https://www.kwtsms.com/"
    setup_url = "https://www.kwtsms.com/developers.html"
    protocol = SCHEMA
    secure_protocol = SECURE_SCHEMA
    category = "custom"
    storage_mode = PersistentStoreMode.MEMORY

    notify_format = FORMATS
    title_maxlen = MAX_TITLE
    body_maxlen = MAX_TEXT
    request_rate_per_sec = 0  # The bot paces what it sends.
    socket_read_timeout = 10.0  # It answers within 2 s, or says that it is busy.

    templates = TEMPLATES
    template_tokens: ClassVar[dict[str, Any]] = {**NotifyBase.template_tokens, **TOKENS}
    template_args: ClassVar[dict[str, Any]] = {**NotifyBase.template_args, **ARGUMENTS}
    template_kwargs: ClassVar[dict[str, Any]] = {"labels": LABELS}

    def __init__(  # noqa: PLR0917 - Apprise reads the arguments' names, and only those before a star.
        self,
        receiver: Any = None,
        severity: Any = None,
        status: Any = None,
        key: Any = None,
        labels: Any = None,
        https: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.secure = bool(kwargs.get("secure")) or parse_bool(https)
        if not (self.user and self.password):
            raise self._configuration_error("needs the integration's name and its token.")
        if not self.host:
            raise self._configuration_error("needs the address of the bot.")
        self.settings = AlertSettings(
            severity=self._word("severity", severity, SEVERITIES),
            status=self._word("status", status, STATUSES),
            key=_written(key),
            receiver=self._receiver(receiver),
            labels={str(name): str(value) for name, value in (labels or {}).items()},
        )
        if self.settings.status in STATUSES[1:] and not self.settings.key:
            raise self._configuration_error("needs key= to say which alert is over.")
        self._keys = IdempotencyKeys()

    def _configuration_error(self, text: str) -> Exception:
        said = f"kwtSMS Bridge {text}"
        self.logger.warning(said)
        error: Exception = AppriseImproperlyConfigured(said)
        return error

    def _word(self, name: str, value: Any, allowed: tuple[str, ...]) -> str:
        word = _written(value).casefold()
        if word and word not in allowed:
            raise self._configuration_error(f"needs {name}= to be one of {', '.join(allowed)}.")
        return word

    def _receiver(self, value: Any) -> str:
        written = _written(value)
        if written and not validate_regex(written, *TOKENS["receiver"]["regex"]):
            raise self._configuration_error("needs the name of one receiver after the address.")
        return written

    def send(
        self, body: str, title: str = "", notify_type: Any = NotifyType.INFO, **kwargs: Any
    ) -> bool:
        """Posts one alert; returns whether the bot has it."""
        fields = alert_fields(
            self.settings,
            title=title.strip(),
            text=as_text(body, kwargs.get("body_format") or self.notify_format).strip(),
            notify_type=str(getattr(notify_type, "value", notify_type)),
            tags=map(str, self.tags),
        )
        if not fields.get("title"):
            self.logger.warning("kwtSMS Bridge: nothing was posted, because the message is empty.")
            return False
        self.throttle()
        alert = digest(fields)
        key = self._keys.key(alert)
        try:
            ref = post_alert(
                self._base_url,
                self.user,
                self.password,
                fields,
                key=key,
                app=self.app_id,
                verify=self.verify_certificate,
                timeout=self.request_timeout,
            )
        except PostFailed as error:
            self._keys.keep(alert, key)
            self.logger.warning("kwtSMS Bridge: %s.", error)
            return False
        self.logger.info("Sent kwtSMS Bridge notification%s.", f", incident {ref}" if ref else "")
        return True

    @property
    def _base_url(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"http{'s' if self.secure else ''}://{self.host}{port}"

    @property
    def _default_port(self) -> int:
        return 443 if self.secure else 80

    def url(self, privacy: bool = False, *args: Any, **kwargs: Any) -> str:  # noqa: FBT001, FBT002
        """The URL that recreates this object."""
        written = {name: getattr(self.settings, name) for name in ("severity", "status", "key")}
        says_https = self.secure and not KNOWS_SECURE_SCHEMA
        params = {
            **({"https": "yes"} if says_https else {}),
            **{name: value for name, value in written.items() if value},
            **{f":{name}": value for name, value in self.settings.labels.items()},
            **self.url_parameters(*args, privacy=privacy, **kwargs),
        }
        user = self.quote(self.user, safe="")
        token = self.pprint(self.password, privacy, mode=PrivacyMode.Secret, safe="")
        port = "" if self.port in (None, self._default_port) else f":{self.port}"
        receiver = self.quote(self.settings.receiver, safe="")
        schema = SECURE_SCHEMA if self.secure and not says_https else SCHEMA
        address = f"{user}:{token}@{self.host}{port}/{receiver}"
        return f"{schema}://{address}?{self.urlencode(params)}"

    @property
    def url_identifier(self) -> tuple[Any, ...]:
        """The integration at its address, without what the alerts say."""
        port = self.port or self._default_port
        return (SCHEMA, self.secure, self.user, self.password, self.host, port)

    @staticmethod
    def parse_url(url: Any) -> dict[str, Any] | None:
        """The constructor's arguments from a kwtsmsbridge:// URL; None for any other URL."""
        results = url_parts(url, verify_host=True)
        if not results or results["schema"] not in (SCHEMA, SECURE_SCHEMA):
            return None
        query, unquote = results["qsd"], NotifyBase.unquote
        results["receiver"] = "/".join(NotifyBase.split_path(results["fullpath"]))
        for name in ("receiver", "severity", "status", "key", "https"):
            if query.get(name):
                results[name] = unquote(query[name])
        results["labels"] = {
            unquote(name): unquote(value) for name, value in results["qsd:"].items()
        }
        return results


def _written(value: Any) -> str:
    """The text of an argument; YAML makes numbers of some."""
    return "" if value is None else str(value).strip()
