"""Finding the programs of a rehearsal on this machine."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from backupgen.integrations.dump_tools import DUMP_TOOLS

OTHER_NAMES: Final = {
    "restic-rest-server": ("rest-server",),
    "prometheus-pushgateway": ("pushgateway",),
    **{name: program.other_names for tool in DUMP_TOOLS.values() for name, program in tool.server.programs.items()},
}
"""What other packages call a program."""
_ADMINISTRATION: Final = ("/usr/local/sbin", "/usr/sbin", "/sbin")
"""Where programs lie that the PATH of most users does not reach."""


def find_programs(names: Iterable[str]) -> dict[str, str]:
    """Return the programs that are there: name -> absolute path. PostgreSQL's newest version comes before PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4))
    folders = [*map(str, reversed(versions)), *os.get_exec_path(), *_ADMINISTRATION]
    path = os.pathsep.join(folders)
    found: dict[str, str] = {}
    for name in names:
        places = (shutil.which(one, path=path) for one in (name, *OTHER_NAMES.get(name, ())))
        place = next((place for place in places if place), None)
        if place is not None:
            found[name] = str(Path(place).absolute())
    return found
