"""`kwtsms-bridge sandbox`: the local services by themselves."""

import click

from kwtsms_sandbox.gateway.command import gateway_command


@click.group()
def sandbox() -> None:
    """A local kwtSMS to test against: nothing leaves this machine."""


sandbox.add_command(gateway_command)
