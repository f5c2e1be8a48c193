"""`kwtsms-bridge sandbox`: the local services by themselves."""

import click

from kwtsms_sandbox.gateway.command import gateway_command


@click.group()
def sandbox() -> None:
    r"""Run a local kwtSMS gateway to test against. Nothing leaves this machine.

    \b
    Example:
      kwtsms-bridge sandbox gateway
    """


sandbox.add_command(gateway_command)
