"""config.yaml: its types, and how it is read. The only folder that knows YAML."""

from kwtsms_bot.config.models import (
    Access,
    BalanceWatch,
    Config,
    Gateway,
    Grant,
    Logging,
    Outbox,
    Slack,
)
from kwtsms_bot.config.problems import ConfigurationProblems, Problem
from kwtsms_bot.config.reading import load, parse

__all__ = [
    "Access",
    "BalanceWatch",
    "Config",
    "ConfigurationProblems",
    "Gateway",
    "Grant",
    "Logging",
    "Outbox",
    "Problem",
    "Slack",
    "load",
    "parse",
]
