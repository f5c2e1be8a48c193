"""`kwtsms-bridge sandbox`: the local gateway by itself, and storms of alerts."""

import click

from kwtsms_sandbox.gateway.command import gateway_command
from kwtsms_sandbox.storm.command import storm_command


@click.group()
def sandbox() -> None:
    r"""Run a local kwtSMS gateway to test against, or post many alerts at once.

    \b
    Example:
      kwtsms-bridge sandbox gateway
    """


sandbox.add_command(gateway_command)
sandbox.add_command(storm_command)
