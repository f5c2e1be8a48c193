"""The option that names the tool whose request a file has."""

import click

from kwtsms_bot.bridge.integrations.table import PARSERS


def parse_kind(written: str) -> str:
    """Returns the kind as config.yaml spells it; uptime_kuma is uptime-kuma.

    Raises:
        BadParameter: there is no such kind.
    """
    kind = written.strip().lower().replace("_", "-")
    if kind not in PARSERS:
        raise click.BadParameter(f"{written!r} is unknown. Use one of: {', '.join(PARSERS)}.")
    return kind


def _kind(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    return parse_kind(value)


kind_option = click.option(
    "-k",
    "--kind",
    required=True,
    callback=_kind,
    metavar="KIND",
    help=f"The tool: {', '.join(PARSERS)}.",
)
