"""Checks the section `bridge`: whether tools reach it, and alerts reach somebody. Pure."""

from collections.abc import Iterator

from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.doctor import Finding, FindingLevel

CHECK, API_CHECK = "Alerts", "Send API"


def check(bridge: BridgeSettings) -> tuple[Finding, ...]:
    """Reports what keeps alerts from people, and messages of applications from the bot."""
    found = tuple(_warnings(bridge))
    return found or tuple(_addresses(bridge))


def _addresses(bridge: BridgeSettings) -> Iterator[Finding]:
    where = bridge.url or f"http://{bridge.listen}"
    if bridge.integrations:
        yield Finding(CHECK, FindingLevel.OK, f"Tools post alerts to {where}/hooks/NAME.")
    if bridge.api:
        summary = f"Applications send messages to {where}/v1/messages."
        yield Finding(API_CHECK, FindingLevel.OK, summary)


def _warnings(bridge: BridgeSettings) -> Iterator[Finding]:
    if not (bridge.integrations or bridge.api):
        summary = "No tool can send alerts: bridge.integrations is empty."
        yield Finding(CHECK, FindingLevel.WARNING, summary, "Add the tool that sends them.")
    if bridge.is_local:
        tools = "tools" if bridge.integrations else "applications"
        what = "alerts" if bridge.integrations else "messages"
        summary = f"Only this machine reaches {bridge.listen}, where {what} are accepted."
        remedy = (
            f"If your {tools} run elsewhere, set bridge.url to your proxy's address, or "
            "bridge.listen to 0.0.0.0:8090."
        )
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
    routed = {one.to for one in bridge.routes} or {*bridge.receivers}
    named = {name for one in bridge.integrations.values() for name in one.may}
    for name in sorted({*bridge.receivers} - routed - named):
        summary = f"The receiver {name} gets no alerts: no route leads to it."
        yield Finding(CHECK, FindingLevel.WARNING, summary, "Add a route, or remove the receiver.")
    if bridge.receivers and not any(one.to for one in bridge.receivers.values()):
        summary = "Nobody gets alerts by SMS: no receiver has contacts."
        remedy = "Add contacts of the phone book to a receiver's `to`."
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
