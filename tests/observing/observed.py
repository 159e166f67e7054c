"""A fleet as Prometheus and Grafana get it: rules, expectations, schedules, dashboard, read from the rendered files."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from backupgen.conventions import metrics
from backupgen.schedule import load_zone, next_firings, parse_cron
from tests.compiled import compile_text

FLEET = Path(__file__).with_name("fleet.yaml")
DAY = 86400


@dataclass(frozen=True)
class Expected:
    """A job that the rules expect."""

    instance: str
    kind: str
    target: str
    namespace: str
    cronjob: str
    within: int
    """How old its last success may be, in seconds."""


class Observed:
    """What a fleet.yaml is rendered to."""

    def __init__(self, text: str) -> None:
        files = compile_text(text).manifests.files
        self.objects = {path: yaml.safe_load(text) for path, text in files.items() if not path.startswith("_")}

    @cached_property
    def groups(self) -> list[dict[str, Any]]:
        """The groups of the PrometheusRule."""
        (found,) = (item["spec"]["groups"] for item in self._of_kind("PrometheusRule"))
        assert isinstance(found, list)
        return found

    @cached_property
    def dashboard(self) -> Any:
        """The dashboard, as Grafana's sidecar hands it over."""
        (found,) = (
            content
            for item in self._of_kind("ConfigMap")
            for name, content in item["data"].items()
            if name.endswith(".json")
        )
        return json.loads(found)

    @cached_property
    def alerts(self) -> set[str]:
        """The names of all alerts."""
        return {rule["alert"] for group in self.groups for rule in group["rules"] if "alert" in rule}

    def constants(self) -> list[tuple[str, dict[str, str], float]]:
        """The recorded constants: name, labels, value."""
        rules = [rule for group in self.groups for rule in group["rules"] if "record" in rule]
        return [
            (rule["record"], rule["labels"], float(rule["expr"].removeprefix("vector(").removesuffix(")")))
            for rule in rules
            if rule["expr"].startswith("vector(")
        ]

    def cronjobs(self) -> list[tuple[str, str, bool]]:
        """Namespace and name of each CronJob, and whether it is suspended."""
        return [
            (item["metadata"]["namespace"], item["metadata"]["name"], item["spec"]["suspend"])
            for item in self._of_kind("CronJob")
        ]

    @cached_property
    def expected(self) -> dict[str, Expected]:
        """The expected jobs by their instance."""
        return {
            labels["instance"]: Expected(
                labels["instance"],
                labels["kind"],
                labels.get("target", ""),
                labels["namespace"],
                labels["cronjob"],
                int(value),
            )
            for name, labels, value in self.constants()
            if name == metrics.EXPECTED_WITHIN
        }

    @cached_property
    def tags(self) -> dict[str, str]:
        """The tag of each target, as its CronJob gives it to restic."""
        return {
            job.target: next(word.partition("=")[2] for word in self._words(job.cronjob) if word.startswith("--tag="))
            for job in self.expected.values()
            if job.target
        }

    def _words(self, cronjob: str) -> list[str]:
        spec = self._cronjob(cronjob)["jobTemplate"]["spec"]["template"]["spec"]
        return [word for one in spec["containers"] for word in [*one.get("command", []), *one.get("args", [])]]

    def _cronjob(self, name: str) -> dict[str, Any]:
        (found,) = (item["spec"] for item in self._of_kind("CronJob") if item["metadata"]["name"] == name)
        assert isinstance(found, dict)
        return found

    def slots(self, instance: str, start: int, end: int) -> list[int]:
        """The slots of a job in a span of time, and the last one before it."""
        spec = self._cronjob(self.expected[instance].cronjob)
        found: list[int] = []
        for slot in next_firings(parse_cron(spec["schedule"]), load_zone(spec["timeZone"]), start - 15 * DAY):
            if slot > end:
                break
            found = [*found, slot] if slot > start else [slot]
        return found

    def _of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [item for item in self.objects.values() if item["kind"] == kind]
