"""The files of a GitOps tree as Kubernetes objects with positions.

Input: paths below the tree's folder and what lies there. Output: the objects that the audit asks about, by file, and
what could not be read. Never: a judgement about the fleet.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import Any, Final, NamedTuple

from backupgen.audit.codes import UNREADABLE_MANIFEST
from backupgen.diagnostics import Finding, NodePath, Span, Spot
from backupgen.source import Manifest, PlainError, documents, read_manifest
from backupgen.source.lines import LineIndex
from backupgen.source.untyped import get_path, numbered_mappings

KUSTOMIZATIONS: Final = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
CHART: Final = "Chart.yaml"
_KINDS: Final = (
    "PersistentVolumeClaim|PersistentVolume|StatefulSet|Deployment|DaemonSet|ReplicaSet|ReplicationController|CronJob|Job"
    "|Pod|Service|ServiceMonitor|PodMonitor|ScrapeConfig|PrometheusRule|Prometheus|HelmRelease|HelmChart|Kustomization|Component"
    "|ApplicationSet|Application|Cluster|[A-Za-z]*List"
)
_START: Final = r"(?:^ {0,8}(?:- +)?|[{,]\s*)"
_KEY: Final = r"""["']?kind["']?[ \t]*:[ \t]*(?:[&!]\S+[ \t]+)?["']?"""
_REPOSITORY: Final = r"RESTIC_REPOSITORY|(?<![\w-])(?:rest:https?://|s3:|b2:|azure:)\S"
"""What a document of any kind mentions that may be at work on a repository."""
_INTERESTING: Final = re.compile(rf"{_START}{_KEY}(?:{_KINDS})(?!\w)|{_REPOSITORY}", re.MULTILINE)
_DEFINITION: Final = re.compile(r"^kind:[ \t]*[\"']?CustomResourceDefinition(?!\w)", re.MULTILINE)
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
_TEMPLATE: Final = "{{"


class Content(NamedTuple):
    """What lies at a path of the tree: bytes, or why they cannot be had."""

    path: str
    raw: bytes
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One object as it is written."""

    path: str
    """The file, below the tree's folder."""
    file: str
    """The file, as findings show it."""
    data: Mapping[str, Any]
    _manifest: Manifest = field(repr=False)
    _at: NodePath = ()

    @property
    def folder(self) -> str:
        """The folder of its file; empty for the tree's own."""
        return dirname(self.path)

    @property
    def kind(self) -> str:
        """Its kind; empty in a kustomization that names none."""
        return str(self.data.get("kind", ""))

    @property
    def group(self) -> str:
        """The group of its API; empty for the core one."""
        return str(self.data.get("apiVersion", "")).rpartition("/")[0]

    def spot(self, *path: str | int, on_key: bool = False) -> Spot:
        """Return the place of a node of the object."""
        return Spot(file=self.file, span=self._manifest.span((*self._at, *path), on_key=on_key))

    @property
    def name_spot(self) -> Spot:
        """The place of its name."""
        return self.spot("metadata", "name")


@dataclass(frozen=True)
class Tree:
    """All that was read."""

    name: str
    """The folder, as findings show it."""
    below: str
    """The folder's path in its Git repository; empty where it is the whole of it."""
    files: Mapping[str, tuple[Resource, ...]]
    """The objects of each file that has any. A kustomization is in none of them."""
    kustomizations: Mapping[str, Resource]
    """By folder."""
    paths: frozenset[str]
    """Every file, read or not."""
    folders: frozenset[str]
    """Every folder that holds a file, and those that it lies in."""
    charts: frozenset[str]
    """The folders of Helm charts that lie in the tree."""
    templates: tuple[str, ...]
    """Files that are templates, as findings show them."""
    texts: Mapping[str, str]
    """The texts of the files that objects come from, as findings show them."""
    findings: tuple[Finding, ...]
    """What could not be read."""

    def shown(self, path: str) -> str:
        """Return a path of the tree as findings show it."""
        return shown(self.name, path)


def is_kustomization(resource: Resource) -> bool:
    """Whether an object is a file of kustomize's, by its name; Flux has a kind `Kustomization` as well."""
    return basename(resource.path) in KUSTOMIZATIONS and resource.group in {"", "kustomize.config.k8s.io"}


def shown(root: str, path: str) -> str:
    """Return a path below the folder `root` as findings show it."""
    return path if root in {"", "."} else f"{root.rstrip('/')}/{path}" if path else root


def read_tree(contents: Iterable[Content], name: str, below: str = "") -> Tree:
    """Read the files of a tree, whose folder is shown as `name` and lies at `below` in its Git repository.

    Reads only the documents that mention a kind which the audit asks about, so a tree of thousands of files is cheap.
    Never raises for any bytes.
    """
    reader = _Reader(name)
    charts: set[str] = set()
    paths: set[str] = set()
    folders: set[str] = {""}
    texts: dict[str, str] = {}
    for content in contents:
        paths.add(content.path)
        _add_folders(folders, dirname(content.path))
        if basename(content.path) == CHART:
            charts.add(dirname(content.path))
        elif content.problem:
            reader.note(content.path, content.problem)
        elif text := reader.text_of(content):
            texts[content.path] = text
    for path in sorted(texts):
        if not _in_chart(path, charts):
            reader.read(path, texts[path])
    return Tree(
        name=name,
        below=below,
        files=reader.files,
        kustomizations=reader.kustomizations,
        paths=frozenset(paths),
        folders=frozenset(folders),
        charts=frozenset(charts),
        templates=tuple(reader.templates),
        texts=reader.texts,
        findings=tuple(reader.findings),
    )


def _add_folders(folders: set[str], folder: str) -> None:
    while folder not in folders:
        folders.add(folder)
        folder = dirname(folder)


def _in_chart(path: str, charts: set[str]) -> bool:
    """Whether a file is a template of a chart, or of one in it. What lies beside its Chart.yaml may be anything."""
    parts = path.split("/")
    return any(
        part in {"templates", "charts", "crds"} and "/".join(parts[:index]) in charts
        for index, part in enumerate(parts[:-1])
    )


class _Reader:
    def __init__(self, root: str) -> None:
        self.files: dict[str, tuple[Resource, ...]] = {}
        self.kustomizations: dict[str, Resource] = {}
        self.templates: list[str] = []
        self.texts: dict[str, str] = {}
        self.findings: list[Finding] = []
        self._root = root

    def note(self, path: str, problem: str, line: int = 0, column: int = 0) -> None:
        span = Span(line, column, line, column + 1) if line else None
        self.findings.append(Finding(UNREADABLE_MANIFEST, problem, Spot(file=shown(self._root, path), span=span)))

    def text_of(self, content: Content) -> str:
        """Return the text of a file that may hold something of interest; of any other nothing."""
        if content.raw.startswith(_WIDE):
            self.note(content.path, "this file is encoded in UTF-16, expected UTF-8")
            return ""
        text = content.raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
        if not _INTERESTING.search(text) and basename(content.path) not in KUSTOMIZATIONS:
            return ""
        try:
            content.raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = content.raw[: error.start].decode("utf-8").removeprefix("\ufeff")
            message = f"byte `0x{content.raw[error.start]:02X}` is not UTF-8"
            self.note(content.path, message, *LineIndex(before).position(len(before)))
            return ""
        return text

    def read(self, path: str, text: str) -> None:
        resources: list[Resource] = []
        always = basename(path) in KUSTOMIZATIONS
        for start, end in documents(text):
            if not always and (not _INTERESTING.search(text, start, end) or _DEFINITION.search(text, start, end)):
                continue
            try:
                manifest = read_manifest(text, start, end)
            except PlainError as error:
                if _TEMPLATE in text[start:end]:
                    self.templates.append(shown(self._root, path))
                else:
                    self.note(path, f"not valid YAML: {error.message}", error.line, error.column)
                    self.texts[shown(self._root, path)] = text
                continue
            if manifest is not None:
                resources += _resources(path, shown(self._root, path), manifest)
        if resources:
            self._keep(path, text, resources)

    def _keep(self, path: str, text: str, resources: list[Resource]) -> None:
        self.texts[shown(self._root, path)] = text
        if is_kustomization(resources[0]):
            self.kustomizations[dirname(path)] = resources[0]
        else:
            self.files[path] = tuple(resources)


def _resources(path: str, file: str, manifest: Manifest) -> Iterator[Resource]:
    """Yield the objects of a document: itself, or the items of a List, also of one in another."""
    seen: set[int] = set()
    waiting: deque[tuple[object, NodePath]] = deque([(manifest.data, ())])
    while waiting:
        data, at = waiting.popleft()
        # An alias may name a list in which it stands itself.
        if not isinstance(data, dict) or id(data) in seen:
            continue
        seen.add(id(data))
        if str(data.get("kind", "")).endswith("List") and "items" in data:
            waiting += [(item, (*at, "items", index)) for index, item in numbered_mappings(get_path(data, "items"))]
        else:
            yield Resource(path, file, data, manifest, at)
