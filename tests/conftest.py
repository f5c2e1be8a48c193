"""Fixtures that every part of the tests may ask for."""

from support.gateway import caller, gateway, running

__all__ = ["caller", "gateway", "running"]
