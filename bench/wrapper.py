"""What the jobs' wrapper costs beside the restic that it runs: whole processes, through the real REST server.

python bench/wrapper.py [--rounds N] [--files N] [--size BYTES]

`plain` is `restic backup` alone. `floor` adds the restic commands that the wrapper needs for what it promises: the
pinned id is compared, stale locks are removed, and the snapshot is read back. `wrapper` is backup.sh, reports included:
what it takes beyond the floor is the shell's own. Each round changes a tenth of the files. Needs what `make test`
installs.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from process import REPOSITORY, Cost, median, memory_folder, run

PUSHGATEWAY = "127.0.0.1:19091"
SERVER = "127.0.0.1:18000"


@contextmanager
def served(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = monotonic() + 10
        while not answers(url):
            if process.poll() is not None or monotonic() > end:
                raise SystemExit(f"{command[0]} does not answer at {url}")
            sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=1).close()  # noqa: S310
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Source:
    """The files that are backed up."""

    def __init__(self, folder: Path, files: int, size: int) -> None:
        self.folder = folder
        self._files = [folder / f"{number % 100:02d}" / f"{number}" for number in range(files)]
        self._size = size
        for file in self._files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(os.urandom(size))

    def change(self) -> None:
        for file in self._files[::10]:
            file.write_bytes(os.urandom(self._size))


def commands(source: Path) -> dict[str, list[list[str]]]:
    plain = ["restic", "backup", "--quiet", "--retry-lock=10m", "--host=bench", "--tag=bench", str(source)]
    before = [["restic", "version"], ["restic", "cat", "config", "--no-lock"], ["restic", "list", "locks", "--no-lock"]]
    after = [["restic", "snapshots", "--latest=1", "--no-lock"]]
    script = str(REPOSITORY / "templates" / "scripts" / "backup.sh")
    return {
        "plain": [plain],
        "floor": [*before, plain, *after],
        "wrapper": [["sh", script, "--tag=bench", "--", str(source)]],
    }


def measure(rounds: int, change: Callable[[], None], named: dict[str, list[list[str]]], cwd: Path) -> dict[str, Cost]:
    costs: dict[str, list[Cost]] = {name: [] for name in named}
    # In turn, so that a busy moment of the machine falls on all of them; the first round fills the caches.
    for number in range(rounds + 1):
        for name, steps in named.items():
            change()
            parts = [run(step, cwd=cwd) for step in steps]
            if number > 0:
                costs[name].append(Cost(sum(part.wall for part in parts), sum(part.cpu for part in parts)))
    return {name: median(measured) for name, measured in costs.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--size", type=int, default=4096)
    options = parser.parse_args()
    tools = REPOSITORY / ".tools" / "bin"
    os.environ["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    needed = ("restic", "restic-rest-server", "prometheus-pushgateway", "curl")
    missing = [name for name in needed if shutil.which(name) is None]
    if missing:
        sys.exit(f"not on PATH nor in .tools/bin: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(dir=memory_folder()) as name:
        folder = Path(name)
        (folder / "home").mkdir()
        os.environ |= {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "home"),
            "RESTIC_REPOSITORY": f"rest:http://{SERVER}/",
            "RESTIC_PASSWORD": "bench",
            "RESTIC_HOSTNAME": "bench",
            "PUSHGATEWAY_ENABLED": "true",
            "PUSHGATEWAY_URL": f"http://{PUSHGATEWAY}",
        }
        source = Source(folder / "source", options.files, options.size)
        rest = ["restic-rest-server", "--listen", SERVER, "--path", str(folder / "repository"), "--no-auth"]
        gateway = ["prometheus-pushgateway", f"--web.listen-address={PUSHGATEWAY}", "--persistence.file="]
        with served(rest, f"http://{SERVER}/"), served(gateway, f"http://{PUSHGATEWAY}/-/ready"):
            run(["restic", "init"], cwd=folder)
            costs = measure(options.rounds, source.change, commands(source.folder), folder)
    print(f"{'':9}{'CPU ms':>8}{'wall ms':>9}   median of {options.rounds}, {options.files} files")
    for row, cost in costs.items():
        print(f"{row:9}{cost.cpu * 1000:8.0f}{cost.wall * 1000:9.0f}")
    shell = costs["wrapper"].cpu - costs["floor"].cpu
    further = costs["floor"].cpu - costs["plain"].cpu
    print(f"CPU of the shell itself: {shell * 1000:.0f} ms; of restic's further commands: {further * 1000:.0f} ms")


if __name__ == "__main__":
    main()
