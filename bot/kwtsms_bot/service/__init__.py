"""The bot as a whole: how its parts are wired, started and stopped."""

from kwtsms_bot.service.running import Service

__all__ = ["Service"]
