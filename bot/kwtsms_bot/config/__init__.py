"""config.yaml: its types, and how it is read. The only folder that knows YAML."""

from kwtsms_bot.config.access import Access, Grant, Limits
from kwtsms_bot.config.alerts import BalanceAlertSettings
from kwtsms_bot.config.errors import ConfigurationProblems, Problem
from kwtsms_bot.config.loader import load, parse, read_example
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
    "SlackSettings",
    "json_schema",
    "load",
    "parse",
    "read_example",
]
