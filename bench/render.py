"""What `render`, `check` and `diff` cost beside `helm template` printing the same objects: medians of whole processes.

    python bench/render.py [--rounds N] [TARGETS ...]

helm gets a chart derived from what backupgen rendered (chart.py), and its output is compared with it before anything is
measured. It prints the Kubernetes objects alone; backupgen also proves the fleet and writes what else is in out/. check
and diff compare all of it with an out/ that is up to date.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import chart
import helm
from fleets import fleet
from process import REPOSITORY, Cost, median, memory_folder, run

CACHE = REPOSITORY / ".tools" / "bench"
LABELS = {
    "backupgen": "backupgen render",
    "unchanged": "  nothing changed",
    "check": "backupgen check",
    "diff": "backupgen diff",
    "helm": "helm template",
}


def measure(targets: int, rounds: int, helm_binary: Path | None, work: Path) -> None:
    """Print the rows of one fleet size."""
    (work / "fleet.yaml").write_text(fleet(targets), encoding="utf-8")
    out, printed = work / "out", work / "printed.yaml"
    render, check, diff = (
        [sys.executable, "-m", "backupgen", command, "--fleet", "fleet.yaml", "--out", "out"]
        for command in ("render", "check", "diff")
    )
    run(render, cwd=work)
    objects = chart.read_objects(out)
    size = sum(len(document.text.encode()) for document in objects)
    files = sum(path.is_file() for path in out.rglob("*"))

    template: list[str | Path] = []
    if helm_binary is not None:
        derived = chart.Chart(objects)
        derived.write(work / "chart")
        template = [helm_binary, "template", "fleet", "chart"]
        run(template, cwd=work, output=printed)
        wrong = chart.differences(objects, printed.read_text(encoding="utf-8"))
        if wrong:
            raise SystemExit("helm does not print what backupgen rendered:\n" + "\n".join(wrong[:3]))
        print(
            f"{targets} targets: {derived.expressions} values a target in the chart, its output is the same",
            file=sys.stderr,
        )

    costs: dict[str, list[Cost]] = {key: [] for key in LABELS}
    for _ in range(rounds):
        shutil.rmtree(out)
        costs["backupgen"].append(run(render, cwd=work))
        costs["unchanged"].append(run(render, cwd=work))
        costs["check"].append(run(check, cwd=work))
        costs["diff"].append(run(diff, cwd=work))
        if template:
            costs["helm"].append(run(template, cwd=work, output=printed))
    report(targets, f"{len(objects)} objects, {size / 1e6:.2f} MB, {files} files", costs)


def report(targets: int, what: str, costs: dict[str, list[Cost]]) -> None:
    """Print the medians, and how many times helm's they are."""
    peer = median(costs["helm"]) if costs["helm"] else None
    print(f"\n{targets} targets: {what}")
    print(f"  {'':20}{'wall s':>8}{'CPU s':>8}{'wall / helm':>13}{'CPU / helm':>12}")
    for key, label in LABELS.items():
        if costs[key]:
            cost = median(costs[key])
            ratios = f"{cost.wall / peer.wall:13.2f}{cost.cpu / peer.cpu:12.2f}" if peer else ""
            print(f"  {label:20}{cost.wall:8.3f}{cost.cpu:8.3f}{ratios}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", type=int, nargs="*", default=[10, 100, 1000], help="sizes of fleets")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    binary = helm.fetch(CACHE)
    if binary is None:
        print("helm is not there: backupgen is measured alone", file=sys.stderr)
    for targets in arguments.targets:
        with tempfile.TemporaryDirectory(dir=memory_folder(), prefix="backupgen-bench-") as folder:
            measure(targets, arguments.rounds, binary, Path(folder))


if __name__ == "__main__":
    main()
