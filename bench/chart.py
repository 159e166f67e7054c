"""The helm chart that prints what backupgen rendered, derived from the rendered files themselves.

Documents that differ only in their target become one template in a `range` over the targets: a line that is the same in
all of them is text, the target's names are `{{ .name }}` and `{{ .namespace }}`, any other line that differs is a value
of the target. All other documents are printed as they are, which is less work than helm would have in a real chart.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TARGET = re.compile(r"app-\d{5}")
NAMESPACE = re.compile(r"team-\d{4}")
SEPARATOR = re.compile(r"^---[ \t]*\n", re.MULTILINE)
# What Kubernetes never sees.
CLIENT_SIDE = re.compile(r"^apiVersion: [\"']?kustomize\.config\.k8s\.io/", re.MULTILINE)

NAME_MARK, NAMESPACE_MARK = "\0name\0", "\0namespace\0"


@dataclass(frozen=True)
class Document:
    """One Kubernetes object as text, and the file that it came from with its place there: `PATH#NUMBER`."""

    path: str
    text: str

    @property
    def target(self) -> str | None:
        """The one target that the document is about, or None."""
        names = set(TARGET.findall(self.text)) | set(TARGET.findall(self.path))
        return names.pop() if len(names) == 1 else None

    @property
    def namespace(self) -> str:
        """The one namespace of targets that the document names, or nothing."""
        names = set(NAMESPACE.findall(self.text))
        return names.pop() if len(names) == 1 else ""

    def without_names(self) -> str:
        """The text with the target's names marked."""
        text = self.text.replace(self.target or NAME_MARK, NAME_MARK)
        return text.replace(self.namespace or NAMESPACE_MARK, NAMESPACE_MARK)

    def shape(self) -> tuple[str, int]:
        """What documents of the same template have in common: the path but for its names, the number of lines."""
        return NAMESPACE.sub(NAMESPACE_MARK, TARGET.sub(NAME_MARK, self.path)), self.text.count("\n")


def split(text: str) -> Iterator[str]:
    """The documents of a YAML stream, without separators and surrounding space."""
    for part in SEPARATOR.split(text):
        if part.strip():
            yield part.strip() + "\n"


def read_objects(folder: Path) -> list[Document]:
    """Every Kubernetes object below a folder of rendered files."""
    return [
        Document(f"{path.relative_to(folder)}#{number}", text)
        for path in sorted(folder.rglob("*.yaml"))
        for number, text in enumerate(split(path.read_text(encoding="utf-8")))
        if re.search(r"^kind:", text, re.MULTILINE)
        and re.search(r"^apiVersion:", text, re.MULTILINE)
        and not CLIENT_SIDE.search(text)
    ]


def literal(text: str) -> str:
    """Text as a Go template that prints it."""
    return text.replace("{{", '{{"{{"}}')


def lines_of(text: str) -> list[str]:
    """The lines as YAML and Go count them; `str.splitlines` knows more separators."""
    return text.removesuffix("\n").split("\n")


def quoted(text: str) -> str:
    """The text as a YAML scalar: as JSON's, but YAML writes what lies beyond U+FFFF as one escape."""
    return re.sub(r"[^\x00-\x7e]", lambda found: f"\\U{ord(found[0]):08x}", json.dumps(text, ensure_ascii=False))


class Chart:
    """The files of a chart that prints the documents given."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._values: dict[str, dict[str, str]] = {}
        self._templates: dict[str, str] = {}
        groups: dict[tuple[str, int], list[Document]] = {}
        shared: list[Document] = []
        for document in documents:
            if document.target is None:
                shared.append(document)
            else:
                groups.setdefault(document.shape(), []).append(document)
        for number, group in enumerate(groups.values()):
            self._templates[f"target-{number}.yaml"] = self._range(f"t{number}", group)
        for number, document in enumerate(shared):
            self._templates[f"shared-{number}.yaml"] = literal(document.text)

    def _range(self, key: str, group: list[Document]) -> str:
        columns = list(zip(*(lines_of(document.without_names()) for document in group), strict=True))
        for document in group:
            target = self._values.setdefault(document.target or "", {})
            target[key] = "yes"
            if document.namespace:
                target["namespace"] = document.namespace
        rendered = [lines_of(document.text) for document in group]
        lines = [f"{{{{- range $name, $t := .Values.targets }}}}{{{{ if $t.{key} }}}}", "---"]
        for number, column in enumerate(columns):
            if len(set(column)) == 1:
                lines.append(self._expressions(column[0]))
                continue
            lines.append(f"{{{{ $t.{key}_{number} }}}}")
            for document, lines_rendered in zip(group, rendered, strict=True):
                self._values[document.target or ""][f"{key}_{number}"] = lines_rendered[number]
        return "\n".join([*lines, "{{- end }}{{ end }}", ""])

    @staticmethod
    def _expressions(line: str) -> str:
        text = literal(line)
        for mark, expression in ((NAME_MARK, "{{ $name }}"), (NAMESPACE_MARK, "{{ $t.namespace }}")):
            # A brace right before an expression would be taken for its beginning.
            text = text.replace("{" + mark, '{{"{"}}' + mark).replace(mark, expression)
        return text

    @property
    def expressions(self) -> int:
        """How many values each target has, its name and namespace not counted (at most)."""
        return max((sum("_" in key for key in target) for target in self._values.values()), default=0)

    def files(self) -> Mapping[str, str]:
        """Path within the chart to text."""
        values = ["targets:"]
        for name, target in sorted(self._values.items()):
            values.append(f"  {name}:")
            values += [f"    {key}: {quoted(value)}" for key, value in target.items()]
        return {
            "Chart.yaml": "apiVersion: v2\nname: fleet\nversion: 0.1.0\n",
            "values.yaml": "\n".join(values) + "\n" if self._values else "targets: {}\n",
            **{f"templates/{name}": text for name, text in self._templates.items()},
        }

    def write(self, folder: Path) -> None:
        """Write the chart's files."""
        for name, text in self.files().items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def differences(documents: Iterable[Document], printed: str) -> list[str]:
    """The first lines of the objects that helm's output lacks or has in excess; empty when they are the same."""
    printed = re.sub(r"^# Source: .*\n", "", printed, flags=re.MULTILINE)
    ours, theirs = sorted(document.text for document in documents), sorted(split(printed))
    missing = [f"missing: {text[:200]}" for text in ours if text not in set(theirs)]
    excess = [f"in excess: {text[:200]}" for text in theirs if text not in set(ours)]
    counts = [f"{len(ours)} objects here, {len(theirs)} there"] if len(ours) != len(theirs) else []
    return counts + missing + excess
