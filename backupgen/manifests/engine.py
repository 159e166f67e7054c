"""Jinja, set up so that a value cannot escape from where a template puts it.

A template's name says its language (`.yaml.j2`, `.json.j2`, `.sh.j2`, `.md.j2`), and every `{{ value }}` in it is
quoted for that language. Text that is rendered already is not quoted again: `super()`, `caller()`, `self.block()`, a
macro's result, and what a filter returns as `Rendered`. The sets of filters, tests and globals are closed: none reads a
clock, the environment or a random number, and `raw` reads the files of the templates only. That keeps the output
deterministic; it is no sandbox. A template of the user's is code, and runs with the rights of who runs backupgen.
"""

import keyword
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template, nodes
from jinja2.compiler import CodeGenerator, Frame

from backupgen.manifests import filters
from backupgen.manifests.bytecode import Bytecode, bytecode
from backupgen.manifests.scalars import json_finalizer, yaml_finalizer

Source = Callable[[str], tuple[str, str | None, Callable[[], bool] | None] | None]

_FILTERS = (
    "abs", "attr", "batch", "count", "d", "default", "dictsort", "first", "float", "groupby", "int", "join", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "select",
    "selectattr", "slice", "sort", "string", "sum", "title", "trim", "unique", "upper",
)  # fmt: skip
_TESTS = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float",
    "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none",
    "number", "odd", "sequence", "string", "true", "undefined", "upper",
)  # fmt: skip
_GLOBALS = ("dict", "namespace", "range")


class _Generator(CodeGenerator):
    """Compiles `{{ value }}` to a call of the finalizer alone: it always returns a string."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 (Jinja's name)
        macros = {macro.name for macro in node.find_all(nodes.Macro)}
        imported = [name for statement in node.find_all(nodes.FromImport) for name in statement.names]
        aliases = {name if isinstance(name, str) else name[1] for name in imported}
        self.rendered_calls = {"super", "caller"} | macros | aliases
        self.rendered_owners = {"self"} | {statement.target for statement in node.find_all(nodes.Import)}
        super().visit_Template(node, frame)

    def _is_rendered(self, node: nodes.Expr) -> bool:
        if not isinstance(node, nodes.Call):
            return False
        if isinstance(node.node, nodes.Name):
            return node.node.name in self.rendered_calls
        owner = node.node.node if isinstance(node.node, nodes.Getattr) else None
        return isinstance(owner, nodes.Name) and owner.name in self.rendered_owners

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:  # noqa: ARG002
        self.write("str(" if self._is_rendered(node) else "environment.finalize(")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        """Compile `meta.name` to just that. Jinja's own look-up costs more than everything else in a template."""
        owner = node.node.name if isinstance(node.node, nodes.Name) else ""
        if owner in self.rendered_owners or keyword.iskeyword(node.attr) or node.attr.startswith("_"):
            super().visit_Getattr(node, frame)
            return
        self.visit(node.node, frame)
        self.write(f".{node.attr}")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: object) -> None:  # noqa: ARG002
        self.write(")")


class Engine(Environment):
    """The environment of one language, and the way to those of the others, for includes across languages."""

    code_generator_class = _Generator

    def __init__(
        self,
        engines: dict[str, "Engine"],
        source: Source,
        finalize: Callable[[object], str],
        bytecode_cache: Bytecode | None = None,
    ) -> None:
        super().__init__(
            loader=FunctionLoader(source),
            undefined=StrictUndefined,
            finalize=finalize,
            autoescape=False,  # YAML, not HTML: the finalizer quotes
            keep_trailing_newline=True,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=bytecode_cache,
        )
        self._engines = engines
        self._compiled: dict[str, Template] = {}
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.tests = {name: self.tests[name] for name in _TESTS}
        self.globals = {name: self.globals[name] for name in _GLOBALS}

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        """Return the template by its name, compiled at its first use. Its name decides its language."""
        if isinstance(name, Template):
            return name
        template = self._compiled.get(name)
        if template is None:
            engine = self._engines.get(language_of(name), self)
            template = self._compiled[name] = super(Engine, engine).get_template(name, parent, globals)
            template.globals = dict(template.globals)  # Jinja chains two mappings, and walks them for each document.
        return template


def language_of(name: str) -> str:
    """`cronjob.yaml.j2` -> `yaml`; empty for a name without a language."""
    parts = name.rsplit(".", 2)
    return parts[1] if len(parts) == 3 and parts[2] == "j2" else ""


def make_engine(source: Source, raw: Callable[[str], str]) -> Engine:
    """Return the environment of YAML templates, from which those of the other languages are reached.

    `source` gives a template's text, the file name for tracebacks and no check for changes, or `None`; `raw` the text
    of a file that is not rendered.
    """
    engines: dict[str, Engine] = {}
    compiled = bytecode()
    finalizers: Mapping[str, Callable[[object], str]] = {
        "yaml": yaml_finalizer(),
        "json": json_finalizer(),
        "sh": lambda value: filters.sh(str(value)),
        "md": str,
    }
    shared = {
        "block": filters.block_filter(),
        "cell": filters.cell,
        "code": filters.code,
        "comment": filters.comment,
        "commented": filters.commented,
        "dedent": filters.dedent,
        "items": filters.items,
        "json": filters.json,
        "k8s": filters.k8s,
        "promql": filters.promql,
        "sh": filters.sh,
    }
    for language, finalize in finalizers.items():
        engine = engines[language] = Engine(engines, source, finalize, compiled)
        engine.filters.update(shared)
        engine.globals["raw"] = raw
    return engines["yaml"]
