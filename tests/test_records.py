"""One record a concept: how many source files know of each channel, dump tool, manifest kind, and walk over operations.

Counted are names in the code: whole strings, beginnings of strings, attributes, annotated fields. Texts for people may
speak of anything, and a rule may be about one of them.
"""

import ast
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from backupgen.integrations.channels import CHANNELS, ChannelKind
from backupgen.integrations.dump_tools import DUMP_TOOLS
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "backupgen"
SCRIPTS = REPOSITORY / "templates" / "scripts"


@cache
def trees() -> dict[str, ast.Module]:
    """Every module but the rules', by its path below the package."""
    modules = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "rules"]
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in modules}


def words(tree: ast.Module) -> Iterator[str]:
    """The strings, attributes and annotated fields of a module, docstrings aside."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value:
            yield node.value
        if isinstance(node, ast.Attribute):
            yield node.attr
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def files(matches: Callable[[str], bool]) -> list[str]:
    return [name for name, tree in trees().items() if any(map(matches, words(tree)))]


@pytest.mark.parametrize("kind", CHANNELS, ids=lambda kind: kind.key)
def test_a_channel_takes_five_files(kind: ChannelKind) -> None:
    """Its record and the tuple of all, its models in the language, its lines in report.sh."""
    named = files(lambda word: word == kind.key or word.startswith(kind.prefix))
    named = [name for name in named if name != "resolve/resolved.py"]  # a property for the rule about its topic
    own, models = [name for name in named if name.startswith("integrations/")], "language/schema/"
    assert own == [f"integrations/channels/{kind.key}.py"]
    assert [name for name in named if name not in own and not name.startswith(models)] == []
    # Where a job can override it, the model of that is a field of the job's settings, in a sixth file.
    assert 1 + len(named) + 1 <= (6 if kind.overridable else 5)
    scripts = [path.name for path in SCRIPTS.glob("*.sh") if f"{kind.switch}:-" in path.read_text(encoding="utf-8")]
    assert scripts == ["report.sh"]


@pytest.mark.parametrize("name", DUMP_TOOLS)
def test_a_dump_tool_takes_a_record_its_shell_and_a_place_in_the_tuple(name: str) -> None:
    assert files(lambda word: word == name) == [f"integrations/dump_tools/{name}.py"]


def templates() -> dict[str, str]:
    """The templates that classes of facts name, and the module of each class."""
    found = {}
    for path in sorted((PACKAGE / "plan" / "facts").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            decorators = node.decorator_list if isinstance(node, ast.ClassDef) else []
            for call in decorators:
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "manifest":
                    template = call.args[0]
                    assert isinstance(template, ast.Constant)
                    assert template.value not in found
                    found[str(template.value)] = str(path.relative_to(PACKAGE))
    return found


def test_a_manifest_kind_takes_its_facts_its_template_and_a_planner() -> None:
    known = templates()
    assert len(known) > 20
    for template, module in known.items():
        assert (REPOSITORY / "templates" / template).is_file()
        assert files(lambda word, template=template: word == template) == [module]  # type: ignore[misc]


def test_nobody_else_walks_over_the_operations() -> None:
    """A job of a retention, a mirror or a restore test is come by through `operations()`."""
    walkers = []
    for name, tree in trees().items():
        for node in ast.walk(tree):
            inner = node.value if isinstance(node, ast.Attribute) and node.attr == "job" else None
            if isinstance(inner, ast.Attribute) and inner.attr in {"retention", "restore_test"}:
                walkers.append(name)
    assert set(walkers) == {"resolve/resolved.py"}
