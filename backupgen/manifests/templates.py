"""Finds the templates: built in, and the user's, which take their place file by file.

The only module below the edges that reads files. Nothing but the user's folder is read before it is needed.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from backupgen.diagnostics import Checked, CodeInfo, Finding, Span, Spot
from backupgen.manifests.codes import TEMPLATE_ERROR, UNREADABLE_TEMPLATE, UNUSED_TEMPLATE

if TYPE_CHECKING:
    from jinja2 import Template

    from backupgen.manifests.engine import Engine

BUILTIN = "builtin/"
"""The prefix under which an override names the built-in template: `extends "builtin/cronjob.yaml.j2"`."""


class TemplatesMissingError(Exception):
    """backupgen was installed without its templates: a fault of the installation, not of a fleet."""


class TemplateFaultError(Exception):
    """A template cannot be rendered. `finding` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class Templates:
    """The templates of one run. Each is compiled once, when it is first used."""

    def __init__(self, builtin: Path, overrides: Mapping[str, str], folder: str) -> None:
        self._builtin = builtin
        self._overrides = overrides
        self._folder = folder
        self._compiled: dict[str, Template] = {}

    def render(self, name: str, variables: Mapping[str, Any]) -> str:
        """Return a template's text with the variables filled in.

        `name` is a path below templates/. Raises `TemplateFaultError` if a template of the user's cannot be rendered;
        a fault of the built-in templates alone is raised as it is.
        """
        from jinja2 import TemplateError

        try:
            template = self._compiled.get(name)
            if template is None:
                template = self._compiled[name] = self._engine.get_template(name)
            return template.render(variables)
        except (
            TemplateError,
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            if not self._overrides:
                raise
            raise TemplateFaultError(self._explain(name, error)) from error

    def text(self, name: str) -> str:
        """Return a file as it is, unrendered: the scripts hold `{#`. Raises `LookupError` if there is none."""
        found = self._source(name)
        if found is None:
            raise LookupError(f"there is no template `{name}`")
        return found[0]

    @property
    def overridden(self) -> tuple[str, ...]:
        """The names of the user's files, sorted."""
        return tuple(sorted(self._overrides))

    def overridden_scripts(self) -> Iterator[tuple[str, str]]:
        """Yield the user's shell scripts: their names, and the files as findings show them."""
        yield from ((name, self._file(name)) for name in self.overridden if name.endswith(".sh"))

    @property
    def script_files(self) -> tuple[str, ...]:
        """The user's shell scripts, as findings show them."""
        return tuple(file for _, file in self.overridden_scripts())

    def with_scripts_alone(self) -> "Templates":
        """The built-in templates with the user's scripts: what the plan looks like if no other template is replaced."""
        scripts = {name: text for name, text in self._overrides.items() if name.endswith(".sh")}
        return Templates(self._builtin, scripts, self._folder)

    @cached_property
    def _engine(self) -> "Engine":
        from backupgen.manifests.engine import make_engine

        return make_engine(self._source, self.text)

    def _source(self, name: str) -> tuple[str, str, None] | None:
        if name in self._overrides:
            return self._overrides[name], self._file(name), None
        inside = name.removeprefix(BUILTIN)
        path = self._builtin / inside
        # An absolute name would replace the folder.
        if inside.startswith("/") or ".." in path.parts or "\0" in inside or not _is_file(path):
            return None
        return path.read_text(encoding="utf-8"), BUILTIN + name.removeprefix(BUILTIN), None

    def _file(self, name: str) -> str:
        return f"{self._folder}/{name}" if self._folder else name

    def _explain(self, name: str, error: Exception) -> Finding:
        from jinja2 import TemplateNotFound, TemplateSyntaxError

        file, line = self._file(name) if name in self._overrides else BUILTIN + name, 1
        ours = {self._file(override) for override in self._overrides}
        for frame_file, frame_line in _frames(error.__traceback__):
            if frame_file in ours or frame_file.startswith(BUILTIN):
                file, line = frame_file, frame_line
        message = str(error).rstrip(".") or type(error).__name__
        if isinstance(error, TemplateSyntaxError):
            file, line, message = error.filename or file, error.lineno, f"syntax error: {error.message}".rstrip(".")
        elif isinstance(error, TemplateNotFound):
            message = f"there is no template `{error.name}`"
        return _finding(TEMPLATE_ERROR, _lower(message), file, line)

    def unused(self) -> Iterator[Finding]:
        """Yield a finding for each of the user's files, and for each block in them, that changes nothing."""
        for name in self.overridden:
            yield from self._unused_blocks(name)
        strangers = [name for name in self.overridden if not (self._builtin / name).is_file()]
        if not strangers:
            return
        used = {used for name in self.overridden for used in self._references(name) if used != name}
        for name in strangers:
            if name not in used:
                near = _nearest(name, [str(path.relative_to(self._builtin)) for path in _files(self._builtin)])
                message = f"`{name}` is the name of no built-in template, and no other template includes it"
                yield _finding(UNUSED_TEMPLATE, message, self._file(name), 1, f"did you mean `{near}`?" if near else "")

    def _unused_blocks(self, name: str) -> Iterator[Finding]:
        """A block of a template that extends a built-in one counts only if that one has a block of the name."""
        from jinja2 import TemplateSyntaxError, nodes

        try:
            tree = self._engine.parse(self._overrides[name])
        except TemplateSyntaxError:  # reported when it is rendered
            return
        for extends in tree.find_all(nodes.Extends):
            parent = extends.template.value if isinstance(extends.template, nodes.Const) else ""
            if not parent.startswith(BUILTIN) or self._source(parent) is None:
                continue
            known = list(self._engine.get_template(parent).blocks)
            inner = {inner.name for block in tree.find_all(nodes.Block) for inner in block.find_all(nodes.Block)}
            for block in tree.find_all(nodes.Block):
                if block.name not in known and block.name not in inner:
                    near = _nearest(block.name, known)
                    message = f"`{parent}` has no block `{block.name}`"
                    help_ = f"did you mean `{near}`?" if near else f"its blocks are {', '.join(known)}"
                    yield _finding(UNUSED_TEMPLATE, message, self._file(name), block.lineno, help_)

    def _references(self, name: str) -> Iterator[str]:
        from jinja2 import TemplateSyntaxError, meta, nodes

        try:
            tree = self._engine.parse(self._overrides[name])
        except TemplateSyntaxError:  # reported when it is rendered
            return
        yield from (found for found in meta.find_referenced_templates(tree) if found is not None)
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "raw":
                yield from (arg.value for arg in call.args if isinstance(arg, nodes.Const))


def load_templates(overrides: Path | Mapping[str, str] | None = None) -> Checked[Templates]:
    """Return the templates of a run.

    `overrides` is the user's folder, or its content (path below it, with `/`, -> text). The value is `None` if the
    folder cannot be read or holds a file that overrides nothing. Raises `TemplatesMissingError`.
    """
    builtin = _builtin_folder()
    if overrides is None:
        return Checked(Templates(builtin, {}, ""))
    if isinstance(overrides, Path):
        if not _is_folder(overrides):
            message = f"`{overrides}` is not a folder, expected one with templates"
            return Checked(None, (_finding(UNREADABLE_TEMPLATE, message, str(overrides), 1),))
        content, findings = _read_folder(overrides)
        templates = Templates(builtin, content, overrides.as_posix())
    else:
        templates, findings = Templates(builtin, dict(overrides), ""), []
    findings += templates.unused()
    return Checked(None if findings else templates, tuple(findings))


def _builtin_folder() -> Path:
    package = Path(__file__).resolve().parent.parent
    # `_templates` exists in wheels only. An editable install reads the repository's, which are never stale.
    for folder in (package / "_templates", package.parent / "templates"):
        if folder.is_dir():
            return folder
    raise TemplatesMissingError("the built-in templates are missing: install backupgen again")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _files(folder: Path) -> list[Path]:
    """The files below a folder, without hidden ones."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]


def _read_folder(folder: Path) -> tuple[dict[str, str], list[Finding]]:
    content: dict[str, str] = {}
    findings: list[Finding] = []
    for path in _files(folder):
        try:
            content[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            message = f"`{path.name}` is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}"
            findings.append(_finding(UNREADABLE_TEMPLATE, message, path.as_posix(), 1))
        except OSError as error:
            message = f"`{path.name}` cannot be read: {_lower(error.strerror or type(error).__name__)}"
            findings.append(_finding(UNREADABLE_TEMPLATE, message, path.as_posix(), 1))
    return content, findings


def _frames(traceback: TracebackType | None) -> Iterator[tuple[str, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next


def _finding(info: CodeInfo, message: str, file: str, line: int, help_: str = "") -> Finding:
    return Finding(info, message, Spot(file=file, span=Span(line, 1, line, 1)), help_)


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _nearest(name: str, names: list[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, names, 1)), "")
