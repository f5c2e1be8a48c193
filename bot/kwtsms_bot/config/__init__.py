"""config.yaml: its types, and how it is read. The only folder that knows YAML."""

from kwtsms_bot.config.access import Access, Grant, Limits
from kwtsms_bot.config.alerts import BalanceAlertSettings
from kwtsms_bot.config.errors import ConfigurationProblems, Problem
from kwtsms_bot.config.loader import load, load_sending_defaults, parse, read_example
from kwtsms_bot.config.models import (
    Config,
    GatewaySettings,
    LoggingSettings,
    OutboxSettings,
    SlackSettings,
)
from kwtsms_bot.config.monitoring import HeartbeatSettings, HttpSettings
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.config.schema import json_schema
from kwtsms_bot.config.sending_defaults import SendingDefaults

__all__ = [
    "Access",
    "BalanceAlertSettings",
    "Config",
    "ConfigurationProblems",
    "GatewaySettings",
    "Grant",
    "HeartbeatSettings",
    "HttpSettings",
    "Limits",
    "LoggingSettings",
    "OutboxSettings",
    "Phonebook",
    "Problem",
    "SendingDefaults",
    "SlackSettings",
    "json_schema",
    "load",
    "load_sending_defaults",
    "parse",
    "read_example",
]
