"""config.yaml: its types, and how it is read. The only folder that knows YAML."""

from kwtsms_bot.config.access import Access, Grant, Limits
from kwtsms_bot.config.alerts import BalanceWatch
from kwtsms_bot.config.models import Config, Gateway, Logging, Outbox, Slack
from kwtsms_bot.config.operation import Heartbeat, Http
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.config.problems import ConfigurationProblems, Problem
from kwtsms_bot.config.reading import example, load, parse
from kwtsms_bot.config.schema import json_schema

__all__ = [
    "Access",
    "BalanceWatch",
    "Config",
    "ConfigurationProblems",
    "Gateway",
    "Grant",
    "Heartbeat",
    "Http",
    "Limits",
    "Logging",
    "Outbox",
    "Phonebook",
    "Problem",
    "Slack",
    "example",
    "json_schema",
    "load",
    "parse",
]
