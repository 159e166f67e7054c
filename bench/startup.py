"""What starting backupgen costs beside starting Python: medians of whole processes.

python bench/startup.py [--rounds N]
"""

import argparse
import sys

from process import REPOSITORY, Cost, median, run

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "backupgen --help": ["-m", "backupgen", "--help"],
    "backupgen next": [
        "-m",
        "backupgen",
        "next",
        "5 4 * * 0",
        "--tz",
        "Europe/Berlin",
        "--from",
        "2026-01-01T00:00:00Z",
    ],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    # In turn, so that a busy moment of the machine falls on all of them; the first round fills the caches.
    for number in range(rounds + 1):
        for name, arguments in COMMANDS.items():
            cost = run([sys.executable, *arguments], cwd=REPOSITORY)
            if number > 0:
                costs[name].append(cost)
    print(f"{'':22}{'CPU ms':>8}{'wall ms':>9}   median of {rounds}")
    for name, measured in costs.items():
        middle = median(measured)
        print(f"{name:22}{middle.cpu * 1000:8.0f}{middle.wall * 1000:9.0f}")


if __name__ == "__main__":
    main()
