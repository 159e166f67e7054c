"""`backupgen completion`: what a shell has to read to complete backupgen's commands."""

from typing import Annotated, Final, Literal

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import command
from backupgen.cli.completing import VARIABLE

_LINES: Final = {
    "bash": '# in ~/.bashrc: eval "$(backupgen completion bash)"\n',
    "zsh": '# in ~/.zshrc, after compinit: eval "$(backupgen completion zsh)"\n',
    "fish": "# in ~/.config/fish/config.fish: backupgen completion fish | source\n",
}


@command(130)
def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish", help="Whose.", show_default=False)
    ],
) -> int:
    """Print what a shell reads to complete.

    Commands and flags, the targets of the fleet, the codes of findings, time zones.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    script = get_completion_script(prog_name="backupgen", complete_var=VARIABLE, shell=shell)
    if shell == "zsh":
        # The first line is for a file in $fpath; evaluated, it would be nothing but a comment.
        script = script.replace("#compdef backupgen\n", "")
    terminal.result(f"{_LINES[shell]}{script}\n")
    return exits.CLEAN
