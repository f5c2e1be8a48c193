"""The sections `http` and `heartbeat` of config.yaml. Knows no YAML and opens nothing."""

from datetime import timedelta

from pydantic import Field

from kwtsms_bot.config.fields import Address, Duration, SecretUrl, Section


class HttpSettings(Section):
    """Pages for those who watch the bot: /healthz, /readyz and /metrics."""

    listen: Address | None = Field(default=None, examples=["127.0.0.1:8080"])
    """Where they are, as host:port; without it there are none. Keep it inside your network."""


class HeartbeatSettings(Section):
    """An address that is called while all is well, so that silence is noticed elsewhere."""

    url: SecretUrl | None = Field(default=None, examples=["https://hc-ping.com/your-id"])
    """Called by GET while /readyz would say yes, and not called while it would say no."""
    every: Duration = Field(default=timedelta(minutes=1), examples=["1m"])
    """How often it is called."""
