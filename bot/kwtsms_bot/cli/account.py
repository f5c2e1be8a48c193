"""`kwtsms-bridge balance`, `senders`, `coverage`: facts about the account at kwtSMS."""

import click

from kwtsms_bot.cli.account_client import open_client
from kwtsms_bot.cli.options import env_option, json_option
from kwtsms_bot.cli.output import EXIT_CODES, echo, echo_facts, report_errors, show_json
from kwtsms_client import find_country_code
from kwtsms_client.countries import COUNTRIES


@click.command(epilog=EXIT_CODES)
@env_option
@json_option
@report_errors
def balance(env_file: str, *, as_json: bool) -> None:
    r"""Show your balance.

    \b
    Example:
      kwtsms-bridge balance --json
    """
    with open_client(env_file) as sms:
        found = sms.balance()
    if as_json:
        return show_json(found)
    return echo_facts([("Available", f"{found.available:,f}"), ("Purchased", found.purchased)])


@click.command(epilog=EXIT_CODES)
@env_option
@json_option
@report_errors
def senders(env_file: str, *, as_json: bool) -> None:
    r"""List the sender IDs that your account may use.

    \b
    Example:
      kwtsms-bridge senders
    """
    with open_client(env_file) as sms:
        found = sms.senderids()
    if as_json:
        return show_json({"sender_ids": found})
    return echo("\n".join(found) or "You have no sender IDs yet. Register one at kwtsms.com.")


@click.command(epilog=EXIT_CODES)
@env_option
@json_option
@report_errors
def coverage(env_file: str, *, as_json: bool) -> None:
    r"""List the countries that your account can send to.

    \b
    Example:
      kwtsms-bridge coverage
    """
    with open_client(env_file) as sms:
        found = sms.coverage()
    if as_json:
        return show_json(found)
    return echo_facts([(prefix, country_name(prefix)) for prefix in found.prefixes])


def country_name(prefix: str) -> str:
    """The country name of a prefix; empty if it is unknown."""
    code = find_country_code(prefix)
    return COUNTRIES[code].name if code else ""
