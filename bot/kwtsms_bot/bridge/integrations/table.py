"""The kinds of integrations and their parsers. A new kind is a module here and a line below."""

from collections.abc import Mapping

from kwtsms_bot.bridge.integrations import (
    alertmanager,
    apprise,
    checkmk,
    github,
    grafana,
    healthchecks,
    native,
    netdata,
    pagerduty,
    prtg,
    sentry,
    sns,
    uptime_kuma,
    zabbix,
)
from kwtsms_bot.bridge.integrations.request import Parser

PARSERS: Mapping[str, Parser] = {
    "alertmanager": alertmanager.parse,
    "apprise": apprise.parse,
    "checkmk": checkmk.parse,
    "github": github.parse,
    "grafana": grafana.parse,
    "healthchecks": healthchecks.parse,
    "native": native.parse,
    "netdata": netdata.parse,
    "pagerduty": pagerduty.parse,
    "prtg": prtg.parse,
    "sentry": sentry.parse,
    "sns": sns.parse,
    "uptime-kuma": uptime_kuma.parse,
    "zabbix": zabbix.parse,
}
