"""Incidents as one text message: what is wrong first, Latin or Arabic, always the reference."""

from kwtsms_bot.bridge.render.message import RenderedMessage, render

__all__ = ["RenderedMessage", "render"]
