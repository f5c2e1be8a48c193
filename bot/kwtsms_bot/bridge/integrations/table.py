"""The kinds of integrations and their parsers. A new kind is a module here and a line below."""

from collections.abc import Mapping

from kwtsms_bot.bridge.integrations import (
    alertmanager,
    apprise,
    grafana,
    healthchecks,
    native,
    uptime_kuma,
)
from kwtsms_bot.bridge.integrations.request import Parser

PARSERS: Mapping[str, Parser] = {
    "alertmanager": alertmanager.parse,
    "apprise": apprise.parse,
    "grafana": grafana.parse,
    "healthchecks": healthchecks.parse,
    "native": native.parse,
    "uptime-kuma": uptime_kuma.parse,
}
