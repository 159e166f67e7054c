"""What is known of a tool that dumps a database: how it dumps, how that is read back in, and how both are rehearsed."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Literal, NamedTuple

VerifyKind = Literal["file", "dir", "sqlite", "xbstream", "pgdump"]
"""What a restore test looks for: the functions `verify_…` of restore-test.sh."""


class RestoreMode(StrEnum):
    """Where a dump is read back in."""

    STOPPED = "stopped"
    """In a copy of the database's pod in which no server runs."""
    RUNNING = "running"
    """In the app's pod."""
    CLIENT = "client"
    """By a client, over the network."""


class Restore(NamedTuple):
    """How a dump gets back into its database."""

    mode: RestoreMode
    command: tuple[str, ...]
    """It reads the dump from its standard input."""


class Program(NamedTuple):
    """A program that a rehearsal takes."""

    package: str
    """The Debian package that brings it."""
    other_names: tuple[str, ...] = ()
    """What other packages, and the images, call it."""


class SampleServer(NamedTuple):
    """The database that a rehearsal starts, in a pod of its own, to dump it."""

    programs: Mapping[str, Program]
    """Those that it takes, the tool's own among them."""
    data: str
    """Where the pod has the data."""
    sockets: str
    """Where the pod has the server's socket."""
    start: str
    """The shell program that starts it in the background, and ends when the sample rows can be read."""
    environment: Callable[[str, str, str], Mapping[str, str]]
    """User, database and password, as the tool was given them -> the environment of the app's pod."""
    statements: Callable[[str, str, int], str]
    """User, password and the least size of a dump in bytes -> the SQL that makes the sample rows."""


class DumpTool(NamedTuple):
    """A ready-made dump: `dump.tool` of fleet.yaml."""

    name: str
    engine: str
    """What its makers call the database."""
    words: tuple[str, ...]
    """Words in the names of claims, folders and pods that tell of the database."""
    suffix: str
    """How the file ends where the fleet gives it no name."""
    verify: VerifyKind
    """The rule that fits what it prints: of its own, whose beginning dumps.sh knows by the same name, or `file`."""
    program: str
    """The POSIX shell program that prints the dump; it takes the password from the pod's own environment."""
    user: str
    """Its first argument, where the fleet names no user."""
    user_of_the_pod: str
    """What it takes then, for the documentation: a variable of the pod; empty if it is `user`."""
    takes_database: bool
    """Whether the database is its second argument."""
    restore_mode: RestoreMode
    restore_program: str
    """The POSIX shell program that reads the dump from its standard input."""
    restore_name: str
    """Its `$0`, with the same arguments; empty if it takes none."""
    verify_programs: tuple[str, ...]
    """Those that the restore test reads a dump with."""
    sample: Callable[[str, int], bytes] | None
    """A name and a size in bytes -> a dump that satisfies the verify rule; None if only the tool can make one."""
    server: SampleServer

    def command(self, user: str, database: str) -> tuple[str, ...]:
        """Return what runs in the app's pod. An empty string is one that the fleet does not give."""
        return ("sh", "-c", self.program, self.name, *self._arguments(user, database))

    def restore(self, user: str, database: str) -> Restore:
        """Return how its dump gets back into the database."""
        given = (self.restore_name, *self._arguments(user, database)) if self.restore_name else ()
        return Restore(self.restore_mode, ("sh", "-c", self.restore_program, *given))

    def _arguments(self, user: str, database: str) -> tuple[str, ...]:
        return (user or self.user, database) if self.takes_database else (user or self.user,)
