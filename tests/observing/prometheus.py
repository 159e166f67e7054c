"""A real Prometheus: its past is written by promtool, its present is what it scrapes and evaluates."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.scripts.jobs import free_port, served

Sample = tuple[str, Mapping[str, str], float, int]
"""Name, labels, value, Unix time."""

HOLD = "1s"
"""What every `for` is cut to. How long an alert has to last is what the rules' unit tests are about."""


class Scrape(NamedTuple):
    """Something else that is scraped."""

    job: str
    target: str
    """Its address; empty: Prometheus itself."""
    labels: Mapping[str, str]
    honor: bool = True
    """Whether it keeps the labels that it brings."""


def what(alert: Mapping[str, str]) -> tuple[str, ...]:
    """What an alert is about, of its labels: its name, the job or the repository, and the tag, if there is one."""
    about = alert.get("instance", alert.get("repository", ""))
    return (alert["alertname"], about, *([alert["tag"]] if "tag" in alert else []))


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def instant(self, expr: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        """The series of an instant query and their values."""
        answer = self._get("query", query=expr, **({} if at is None else {"time": str(at)}))
        assert answer["resultType"] == "vector", answer
        return [(series["metric"], float(series["value"][1])) for series in answer["result"]]

    def range(self, expr: str, start: int, end: int, step: int) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
        """The series of a range query and their samples."""
        answer = self._get("query_range", query=expr, start=str(start), end=str(end), step=str(step))
        return [
            (series["metric"], [(int(at), float(value)) for at, value in series["values"]])
            for series in answer["result"]
        ]

    def label_values(self, label: str, selector: str) -> list[str]:
        """The values of a label."""
        found = self._get(f"label/{label}/values", **{"match[]": selector})
        assert isinstance(found, list)
        return found

    def settle(self) -> None:
        """Wait until everything that is pushed now was scraped, and held for as long as an alert needs."""
        now = time.time()
        _until(lambda: self.instant(f"timestamp(up) <= {now}") == [], "no scrape")
        evaluations = 'sum(prometheus_rule_group_iterations_total{job="prometheus"})'
        ((_, evaluated),) = self.instant(evaluations)
        _until(lambda: self.instant(f"{evaluations} > {evaluated + 6}") != [], "no evaluation")
        _until(lambda: self.instant('ALERTS{alertstate="pending"}') == [], "an alert that stays pending")

    def firing(self) -> set[tuple[str, ...]]:
        """The firing alerts."""
        return {what(labels) for labels, _ in self.instant('ALERTS{alertstate="firing"}')}

    def _get(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=60) as answer:  # noqa: S310
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {error.read().decode()}") from None


@contextlib.contextmanager
def prometheus(
    tool: Callable[[str], Path],
    folder: Path,
    groups: Iterable[Mapping[str, Any]],
    scrapes: Iterable[Scrape],
    past: Iterable[Sample],
) -> Iterator[Prometheus]:
    """Start one in a folder, with rules, what it scrapes, and what it has seen before."""
    rules = [
        {**group, "rules": [{**rule, "for": HOLD} if "alert" in rule else rule for rule in group["rules"]]}
        for group in groups
    ]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": rules}))
    address = f"127.0.0.1:{free_port()}"
    config = {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {
                "job_name": one.job,
                "honor_labels": one.honor,
                "static_configs": [{"targets": [one.target or address], "labels": dict(one.labels)}],
            }
            for one in [Scrape("prometheus", "", {}), *scrapes]
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    _write_past(tool("promtool"), folder, past)
    command = [str(tool("prometheus")), f"--config.file={folder}/prometheus.yaml", f"--web.listen-address={address}"]
    with served([*command, f"--storage.tsdb.path={folder}/data"], f"http://{address}/-/ready"):
        running = Prometheus(f"http://{address}")
        _until(lambda: _is_ready(running.url), "not ready")
        _until(lambda: running.instant("up == 0 or absent(up)") == [], "no scrape")
        yield running


def _is_ready(url: str) -> bool:
    try:
        urllib.request.urlopen(f"{url}/-/ready").close()  # noqa: S310
    except urllib.error.HTTPError:
        return False
    return True


def _write_past(promtool: Path, folder: Path, past: Iterable[Sample]) -> None:
    """Each series of a metric has to stand together."""
    lines: dict[str, dict[str, list[str]]] = {}
    for name, labels, value, at in past:
        series = name + "{" + ",".join(f"{key}={json.dumps(text)}" for key, text in labels.items()) + "}"
        lines.setdefault(name, {}).setdefault(series, []).append(f"{series} {value!r} {at}")
    text = [line for metric in lines.values() for series in metric.values() for line in series]
    if not text:
        return
    (folder / "past.txt").write_text("\n".join([*text, "# EOF\n"]))
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        f"{folder}/past.txt",
        f"{folder}/data",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def _until(condition: Callable[[], object], what: str) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}, in a minute")
