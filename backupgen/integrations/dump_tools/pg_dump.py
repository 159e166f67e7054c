"""pg_dump: one database of a PostgreSQL, logically, in its custom format (PostgreSQL's manual, "pg_dump")."""

from collections.abc import Mapping

from backupgen.integrations.dump_tools.noise import noise
from backupgen.integrations.dump_tools.record import DumpTool, Program, RestoreMode, SampleServer
from backupgen.integrations.dump_tools.shell import shell

_LEAST_ROWS = 200
_ROWS = "CREATE TABLE sample AS SELECT n, md5(n::text) FROM generate_series(1, :rows) n;\n"


def _environment(user: str, database: str, password: str) -> Mapping[str, str]:
    """As the image of PostgreSQL has it."""
    user = user or "postgres"
    return {"POSTGRES_USER": user, "POSTGRES_PASSWORD": password, "POSTGRES_DB": database or user}


def _statements(_user: str, _password: str, size: int) -> str:
    return f"\\set rows {max(500, size // 16)}\n{_ROWS}"


def _sample(seed: str, size: int) -> bytes:
    count = max(_LEAST_ROWS, size // 64)
    rows = "".join(f"{number}\t{noise(f'{seed}{number}', 32).hex()}\n" for number in range(count))
    return (
        "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE sample (id integer, content text);\n\n"
        f"COPY sample (id, content) FROM stdin;\n{rows}\\.\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
    ).encode()


PG_DUMP = DumpTool(
    name="pg_dump",
    engine="PostgreSQL",
    words=("postgres", "postgresql", "pgdata"),
    suffix="pgdump",
    verify="pgdump",
    program=shell("postgres-access", "pg_dump"),
    user="",
    user_of_the_pod="$POSTGRES_USER",
    takes_database=True,
    restore_mode=RestoreMode.RUNNING,
    restore_program=shell("postgres-access", "pg_restore"),
    restore_name="pg_restore",
    verify_programs=("pg_restore",),
    sample=_sample,
    server=SampleServer(
        programs={
            "initdb": Program("postgresql"),
            "postgres": Program("postgresql"),
            "psql": Program("postgresql-client"),
            "pg_dump": Program("postgresql-client"),
            "pg_restore": Program("postgresql-client"),
        },
        data="/var/lib/postgresql/data",
        sockets="/var/run/postgresql",
        start=shell("postgres-server"),
        environment=_environment,
        statements=_statements,
    ),
)
