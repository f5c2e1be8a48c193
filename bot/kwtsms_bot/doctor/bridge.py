"""Checks the section `bridge`: whether tools reach it, and alerts reach somebody. Pure."""

from collections.abc import Iterator

from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.i18n.translator import ENGLISH, Language

CHECK, API_CHECK = "Alerts", "Send API"


def check(bridge: BridgeSettings, say: Language = ENGLISH) -> tuple[Finding, ...]:
    """Reports what keeps alerts from people, and messages of applications from the bot."""
    found = tuple(_warnings(bridge, say))
    return found or tuple(_addresses(bridge, say))


def _addresses(bridge: BridgeSettings, say: Language) -> Iterator[Finding]:
    where = bridge.url or f"http://{bridge.listen}"
    if bridge.integrations:
        address = say.ltr(f"{where}/hooks/NAME")
        summary = say("Tools post alerts to {address}.", address=address)
        yield Finding(CHECK, FindingLevel.OK, summary)
    if bridge.api:
        address = say.ltr(f"{where}/v1/messages")
        summary = say("Applications send messages to {address}.", address=address)
        yield Finding(API_CHECK, FindingLevel.OK, summary)


def _warnings(bridge: BridgeSettings, say: Language) -> Iterator[Finding]:
    if not (bridge.integrations or bridge.api):
        summary = say("No tool can send alerts: bridge.integrations is empty.")
        remedy = say("Add the tool that sends them.")
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
    if bridge.is_local:
        summary = say(
            "Only this machine reaches {address}, where the bot listens.",
            address=say.ltr(bridge.listen),
        )
        remedy = say(
            "If your tools run elsewhere, set bridge.url to your proxy's address, or bridge.listen "
            "to 0.0.0.0:8090."
        )
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
    yield from _receiver_warnings(bridge, say)


def _receiver_warnings(bridge: BridgeSettings, say: Language) -> Iterator[Finding]:
    routed = {one.to for one in bridge.routes} or {*bridge.receivers}
    named = {name for one in bridge.integrations.values() for name in one.may}
    for name in sorted({*bridge.receivers} - routed - named):
        summary = say("The receiver {name} gets no alerts: no route leads to it.", name=name)
        remedy = say("Add a route, or remove the receiver.")
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
    if bridge.receivers and not any(one.to for one in bridge.receivers.values()):
        summary = say("Nobody gets alerts by SMS: no receiver has contacts.")
        remedy = say("Add contacts of the phone book to a receiver's `to`.")
        yield Finding(CHECK, FindingLevel.WARNING, summary, remedy)
