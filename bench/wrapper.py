"""What backup.sh costs over plain `restic backup`, against a REST server and a Pushgateway: medians of whole processes.

python bench/wrapper.py [--rounds N] [FILES ...]

Needs the tools of `make test`. The repository is one that restic made, so each call of restic pays for its scrypt.
"""

import argparse
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from process import REPOSITORY, Cost, median, run

SCRIPT = REPOSITORY / "templates" / "scripts" / "backup.sh"


@contextmanager
def serving(*command: str) -> Iterator[str]:
    """Run a server with `ADDRESS` in its command replaced; yields the address once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    words = [word.replace("ADDRESS", address) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        host, _, port = address.partition(":")
        for _ in range(200):
            try:
                socket.create_connection((host, int(port)), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


def measure(place: Path, files: int, rounds: int) -> tuple[Cost, Cost]:
    """The medians of `restic backup` and of backup.sh for a source of so many files, of which nothing has changed."""
    source = place / f"source-{files}"
    for number in range(files):
        file = source / f"{number // 1000:03}" / str(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(2000))
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    plain = ["restic", "backup", "--host=bench", "--tag=bench", str(source)]
    whole = ["sh", SCRIPT, "--tag=bench", "--", str(source)]
    # In turn, so that a busy moment of the machine falls on both; the first round fills the caches.
    for number in range(rounds + 1):
        for command, measured in zip((plain, whole), costs, strict=True):
            cost = run(command, cwd=place)
            if number > 0:
                measured.append(cost)
    return median(costs[0]), median(costs[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("files", nargs="*", type=int, default=[100, 10_000])
    wanted = parser.parse_args()
    os.environ["PATH"] = f"{REPOSITORY / '.tools' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    place = Path(tempfile.mkdtemp())
    try:
        with (
            serving("restic-rest-server", "--no-auth", "--listen", "ADDRESS", "--path", str(place / "rest")) as rest,
            serving("prometheus-pushgateway", "--web.listen-address=ADDRESS", "--persistence.file=") as gateway,
        ):
            os.environ |= {
                "HOME": str(place),
                "RESTIC_HOSTNAME": "bench",
                "RESTIC_REPOSITORY": f"rest:http://{rest}/",
                "RESTIC_PASSWORD": "bench",
                "PUSHGATEWAY_ENABLED": "true",
                "PUSHGATEWAY_URL": f"http://{gateway}",
                "BACKUP_DEADLINE": "540",
                "BACKUP_MAX_SHRINK_PERCENT": "50",
            }
            run(["restic", "init"], cwd=place)
            print(f"{'files':>8}{'restic backup':>20}{'backup.sh':>20}{'more':>10}   wall s (CPU s)")
            for files in wanted.files:
                plain, whole = measure(place, files, wanted.rounds)
                shown = (f"{cost.wall:.2f} ({cost.cpu:.2f})" for cost in (plain, whole))
                print(f"{files:8}{next(shown):>20}{next(shown):>20}{whole.wall - plain.wall:+10.2f}")
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
