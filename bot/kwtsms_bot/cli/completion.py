"""`kwtsms-bridge completion`: prints the script that completes commands and options in a shell."""

import click
from click.shell_completion import get_completion_class

PROGRAM = "kwtsms-bridge"
VARIABLE = "_KWTSMS_BRIDGE_COMPLETE"  # Set by the script, and read by click.
# How to install the script, by shell: the comment at its top.
INSTALL = {
    "bash": """\
# kwtsms-bridge completion for bash. To install it, add this line to ~/.bashrc:
#   eval "$(kwtsms-bridge completion bash)"
# Or save it where bash-completion finds it:
#   mkdir -p ~/.local/share/bash-completion/completions
#   kwtsms-bridge completion bash > ~/.local/share/bash-completion/completions/kwtsms-bridge
""",
    "zsh": """\
#compdef kwtsms-bridge
# kwtsms-bridge completion for zsh. To install it, add this line to ~/.zshrc, after compinit:
#   eval "$(kwtsms-bridge completion zsh)"
# Or save it as _kwtsms-bridge in a folder of $fpath:
#   kwtsms-bridge completion zsh > "${fpath[1]}/_kwtsms-bridge"
""",
    "fish": """\
# kwtsms-bridge completion for fish. To install it:
#   mkdir -p ~/.config/fish/completions
#   kwtsms-bridge completion fish > ~/.config/fish/completions/kwtsms-bridge.fish
""",
}


@click.command()
@click.argument("shell", type=click.Choice(list(INSTALL)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    r"""Print the completion script for your shell.

    The first lines of the script say how to install it.

    \b
    Examples:
      eval "$(kwtsms-bridge completion bash)"
      kwtsms-bridge completion fish > ~/.config/fish/completions/kwtsms-bridge.fish
    """
    maker = get_completion_class(shell)
    if maker is None:  # A version of click that does not know this shell.
        raise click.ClickException(f"The installed version of click has no completion for {shell}.")
    script = maker(ctx.find_root().command, {}, PROGRAM, VARIABLE).source()
    click.echo(INSTALL[shell] + script.removeprefix("#compdef kwtsms-bridge\n").lstrip("\n"))
