"""Proves that each rendered file holds what was planned: one object of the kind, name and namespace it was given."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from backupgen.diagnostics import Finding, Span, Spot
from backupgen.manifests.codes import UNSOUND_MANIFEST
from backupgen.manifests.render import ManifestSet
from backupgen.plan.facts.manifest import Facts, Meta, Plan, manifest_of
from backupgen.plan.facts.pages import Page, Picture
from backupgen.plan.facts.wiring import KsopsGenerator
from backupgen.source import PlainError, load_all


class ObjectId(NamedTuple):
    """What the API server, or the tool that reads the file, tells objects apart by. A missing field is empty."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return " ".join((self.kind, "/".join(part for part in (self.namespace, self.name) if part))).strip()


def planned_id(facts: Facts) -> ObjectId | None:
    """Return the identity of the object that the facts describe; None for a file that holds none."""
    if isinstance(facts, Page | Picture):
        return None
    own = manifest_of(type(facts))
    meta: Meta | None = getattr(facts, "meta", None)
    name = meta.name if meta is not None else str(getattr(facts, "name", "")) if own.kind else ""
    return ObjectId(own.api_version, own.kind, meta.namespace if meta is not None else "", name)


def verify(manifests: ManifestSet, plan: Plan) -> tuple[Finding, ...]:
    """Return a finding for each file that is not one object of the planned identity, or is missing, or not planned.

    Reads every file back, which costs more than rendering it. The findings' file is the path below out/.
    """
    findings: list[Finding] = []
    first: dict[ObjectId, str] = {}
    for unit in plan.units:
        text = manifests.files.get(unit.path)
        if text is None:
            findings.append(_finding(unit.path, "the file was not rendered"))
            continue
        expected = planned_id(unit.facts)
        if expected is None:
            continue
        findings += _judge(unit.path, text, expected)
        # A generator of KSOPS is no object of the cluster: each folder has its own of the fleet's name.
        generator = isinstance(unit.facts, KsopsGenerator)
        if expected.name and not generator and first.setdefault(expected, unit.path) != unit.path:
            findings.append(_finding(unit.path, f"`{expected}` is in `{first[expected]}` as well"))
    planned = {unit.path for unit in plan.units}
    findings += [_finding(path, "the file is not planned") for path in manifests.files if path not in planned]
    return tuple(findings)


def _judge(path: str, text: str, expected: ObjectId) -> Iterator[Finding]:
    try:
        documents = load_all(text)
    except PlainError as error:
        yield _finding(path, f"the file is not plain YAML: {error.message}", error.line, error.column)
        return
    if len(documents) != 1 or not isinstance(documents[0], dict):
        yield _finding(path, f"the file holds {len(documents)} documents, expected one mapping")
        return
    found = _found_id(documents[0])
    if found != expected:
        yield _finding(
            path, f"the file holds `{found}` ({found.api_version or 'no apiVersion'}), expected `{expected}`"
        )


def _found_id(manifest: dict[str, Any]) -> ObjectId:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    values = (manifest.get("apiVersion"), manifest.get("kind"), metadata.get("namespace"), metadata.get("name"))
    return ObjectId(*("" if value is None else str(value) for value in values))


def _finding(path: str, message: str, line: int = 1, column: int = 1) -> Finding:
    return Finding(UNSOUND_MANIFEST, message, Spot(file=path, span=Span(line, column, line, column)))
