"""mariabackup (mariadb-backup): all of a MariaDB, physically (MariaDB's manual, "mariadb-backup")."""

from collections.abc import Mapping

from backupgen.integrations.dump_tools.record import DumpTool, Program, RestoreMode, SampleServer
from backupgen.integrations.dump_tools.shell import shell


def _environment(_user: str, _database: str, password: str) -> Mapping[str, str]:
    return {"MARIADB_ROOT_PASSWORD": password}


def _statements(user: str, password: str, _size: int) -> str:
    """For --init-file, which takes one statement a line."""
    account = f"'{user}'@'localhost'"
    statements = (
        f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}'",
        f"CREATE USER IF NOT EXISTS {account} IDENTIFIED BY '{password}'",
        f"GRANT RELOAD, PROCESS, LOCK TABLES, BINLOG MONITOR ON *.* TO {account}",
        "CREATE DATABASE sample CHARACTER SET utf8mb4",
        "CREATE TABLE sample.rows (id INT PRIMARY KEY, content TEXT)",
        "INSERT INTO sample.rows SELECT seq, SHA2(seq, 512) FROM sample.seq_1_to_2000",
    )
    return "".join(f"{statement};\n" for statement in statements)


MARIABACKUP = DumpTool(
    name="mariabackup",
    engine="MariaDB",
    words=("mariadb",),
    suffix="xb",
    verify="xbstream",
    program=shell("mariabackup"),
    user="root",
    user_of_the_pod="",
    takes_database=False,
    restore_mode=RestoreMode.STOPPED,
    restore_program=shell("mariabackup-restore"),
    restore_name="",
    verify_programs=("mbstream", "mariabackup"),
    sample=None,
    server=SampleServer(
        programs={
            "mariadbd": Program("mariadb-server-core", ("mysqld",)),
            "mariadb-install-db": Program("mariadb-server-core"),
            "mariadb": Program("mariadb-client-core", ("mysql",)),
            "mariabackup": Program("mariadb-backup", ("mariadb-backup",)),
            "mbstream": Program("mariadb-backup"),
        },
        data="/var/lib/mysql",
        sockets="/run/mysqld",
        start=shell("mariadb-server"),
        environment=_environment,
        statements=_statements,
    ),
)
