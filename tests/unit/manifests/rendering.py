"""Renders facts with the built-in templates and reads the text back."""

from typing import Any

from backupgen.manifests import Templates, load_templates, render_plan
from backupgen.plan.facts import manifest, workloads
from backupgen.source import load_all
from tests.unit.manifests.samples import plan

_LOADED = load_templates()
assert _LOADED.value is not None
BUILTIN: Templates = _LOADED.value


def text_of(facts: manifest.Facts, templates: Templates = BUILTIN) -> str:
    checked = render_plan(plan(facts), templates)
    assert checked.value is not None, checked.findings
    return checked.value.files["0.yaml"]


def object_of(facts: manifest.Facts, templates: Templates = BUILTIN) -> dict[str, Any]:
    (document,) = load_all(text_of(facts, templates))
    assert isinstance(document, dict)
    return document


def pod_of(facts: workloads.CronJob | workloads.Deployment) -> dict[str, Any]:
    spec = object_of(facts)["spec"]
    spec = spec["jobTemplate"]["spec"] if isinstance(facts, workloads.CronJob) else spec
    found = spec["template"]["spec"]
    assert isinstance(found, dict)
    return found
