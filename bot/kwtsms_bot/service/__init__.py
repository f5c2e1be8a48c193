"""The bot as a whole: how its parts are wired, started and stopped."""

from kwtsms_bot.service.lifecycle import Service

__all__ = ["Service"]
