"""SQL dumps by commands of the fleet's own: recognised by their program, so that a restore can be written for them."""

import re
from collections.abc import Sequence

from backupgen.integrations.dump_tools.record import Restore, RestoreMode

_CLIENTS = {"mysqldump": "mysql", "mariadb-dump": "mariadb"}
"""The program that dumps -> the one that reads it back in."""
_ACCESS = re.compile(
    r"--(host|port|user|password|protocol|socket|ssl|tls|defaults|no-defaults|default-character-set)\b.*|-[hPuS].+"
)
"""The options that the client takes as well, with their values attached."""
_SEVERAL_DATABASES = {"--all-databases", "-A", "--databases", "-B"}
"""With these, a dump names its databases itself."""


def sql_restore(command: Sequence[str], *, in_pod: bool) -> Restore | None:
    """Return how what a command dumps gets back into the database; None if the program is not known."""
    client = _CLIENTS.get(command[0].rpartition("/")[2])
    if client is None:
        return None
    access = [word for word in command[1:] if _ACCESS.fullmatch(word)]
    if not _SEVERAL_DATABASES.intersection(command):
        access += [word for word in command[1:] if not word.startswith("-")][:1]
    return Restore(RestoreMode.RUNNING if in_pod else RestoreMode.CLIENT, (client, *access))
