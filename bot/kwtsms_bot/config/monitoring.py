"""The sections `http` and `heartbeat` of config.yaml. Knows no YAML and opens nothing."""

from datetime import timedelta

from pydantic import Field

from kwtsms_bot.config.fields import Address, Duration, SecretUrl, Section


class HttpSettings(Section):
    """Pages for monitoring: /healthz, /readyz and /metrics."""

    listen: Address | None = Field(default=None, examples=["127.0.0.1:8080"])
    """The address of the pages; without it, there are none. Keep it inside your network."""


class HeartbeatSettings(Section):
    """An address that the bot calls while all is well, so that you notice when it stops."""

    url: SecretUrl | None = Field(default=None, examples=["https://hc-ping.com/your-id"])
    """The address to call by GET while /readyz would answer 200."""
    every: Duration = Field(default=timedelta(minutes=1), examples=["1m"])
    """How often the address is called."""
