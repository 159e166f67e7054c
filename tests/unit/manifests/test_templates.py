from pathlib import Path

import pytest

from backupgen.diagnostics import Finding
from backupgen.manifests import (
    CODES,
    TemplateFaultError,
    Templates,
    TemplatesMissingError,
    load_templates,
    render_plan,
    render_secret,
)
from backupgen.plan.facts import access, manifest, workloads
from tests.unit.manifests import samples
from tests.unit.manifests.rendering import BUILTIN, object_of, text_of

ACCOUNT = access.ServiceAccount(samples.meta())
EXTENDS = '{% extends "builtin/service-account.yaml.j2" %}\n'


def loaded(overrides: dict[str, str]) -> Templates:
    checked = load_templates(overrides)
    assert checked.value is not None, checked.findings
    return checked.value


def finding_of(overrides: dict[str, str], facts: manifest.Facts = ACCOUNT) -> Finding:
    (finding,) = render_plan(samples.plan(facts, facts), loaded(overrides)).findings
    return finding


def place(finding: Finding) -> tuple[str, str | None, int]:
    assert finding.spot.span is not None
    return finding.info.code, finding.spot.file, finding.spot.span.line


def test_an_override_takes_the_place_of_a_template() -> None:
    templates = loaded({"service-account.yaml.j2": "apiVersion: v1\nkind: {{ meta.name ~ ': x' }}"})
    assert text_of(ACCOUNT, templates).splitlines()[1:] == ["apiVersion: v1", 'kind: "backup-grafana: x"']


def test_an_override_extends_the_built_in_one_under_its_own_name() -> None:
    more = EXTENDS + "{% block metadata %}\n{{ super() }}  annotations:\n    a: {{ fleet }}\n{% endblock %}\n"
    found = object_of(ACCOUNT, loaded({"service-account.yaml.j2": more}))
    assert found["metadata"]["annotations"] == {"a": "home"}
    assert found["metadata"]["name"] == "backup-grafana"


def test_an_override_of_the_pod_changes_cronjobs_and_deployments() -> None:
    pod = '{% extends "builtin/_pod.yaml.j2" %}\n{% block placement %}\n          hostUsers: false\n{% endblock %}\n'
    templates = loaded({"_pod.yaml.j2": pod})
    job, server = object_of(samples.cronjob(), templates), object_of(samples.deployment(), templates)
    assert job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["hostUsers"] is False
    assert server["spec"]["template"]["spec"]["hostUsers"] is False


def test_an_override_may_include_its_own_files_and_import_macros() -> None:
    overrides = {
        "service-account.yaml.j2": EXTENDS
        + '{% from "parts/own.yaml.j2" import pair %}\n'
        + '{% block metadata %}{{ super() }}{{ pair("x: y") }}{% endblock %}\n',
        "parts/own.yaml.j2": "{% macro pair(value) %}\n  annotations: {a: {{ value }}}\n{% endmacro %}\n",
    }
    assert object_of(ACCOUNT, loaded(overrides))["metadata"]["annotations"] == {"a": "x: y"}


def test_a_file_that_overrides_nothing_is_a_finding() -> None:
    checked = load_templates({"service_account.yaml.j2": "a: 1\n"})
    (finding,) = checked.findings
    assert checked.value is None
    assert place(finding) == ("BG502", "service_account.yaml.j2", 1)
    assert finding.help == "did you mean `service-account.yaml.j2`?"


def test_a_file_that_includes_only_itself_is_a_finding() -> None:
    (finding,) = load_templates({"own.yaml.j2": '{% include "own.yaml.j2" %}'}).findings
    assert finding.info.slug == "unused-template"


def test_a_file_may_be_taken_raw() -> None:
    overrides = {"role.yaml.j2": 'a: {{ raw("scripts/own.sh")|block(2) }}\n', "scripts/own.sh": "{# kept #}\n\nx\n"}
    templates = loaded(overrides)
    assert object_of(access.Role(samples.meta()), templates) == {"a": "{# kept #}\n\nx\n"}
    scripts = workloads.ScriptsConfigMap(samples.meta(), ("own.sh",))
    assert object_of(scripts, templates)["data"] == {"own.sh": "{# kept #}\n\nx\n"}
    assert "  own.sh: |\n    {# kept #}\n\n    x\n" in text_of(scripts, templates)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: {{ nmae }}\n", 2, "'nmae' is undefined"),
        ("a: 1\nb: {{ meta.nmae }}\n", 2, "'Meta' object has no attribute 'nmae'"),
        ("a: 1\n{% if a %}\n", 2, "syntax error: Unexpected end of template."),
        ("a: {{ meta.labels }}\n", 1, "is no YAML scalar"),
        ("a:\n{% for x in 1 %}\n{% endfor %}\n", 2, "'int' object is not iterable"),
        ('a:\n{% include "nothing.yaml.j2" %}\n', 2, "there is no template `nothing.yaml.j2`"),
        ('a: {{ raw("nothing") }}\n', 1, "there is no template `nothing`"),
        ("a: {{ meta.name|safe }}\n", 1, "syntax error: No filter named 'safe'."),
        ("a: {{ range(3)|random }}\n", 1, "syntax error: No filter named 'random'."),
        ("a: {{ 1 / 0 }}\n", 1, "division by zero"),
        ('{% include "service-account.yaml.j2" %}', 1, "recursion"),
    ],
)
def test_a_fault_of_an_override_is_a_finding_at_its_line(text: str, line: int, message: str) -> None:
    finding = finding_of({"service-account.yaml.j2": text})
    assert place(finding) == ("BG501", "service-account.yaml.j2", line)
    assert message.rstrip(".") in finding.message
    assert not finding.message.endswith(".")


def test_a_fault_in_an_included_override_names_that_file() -> None:
    finding = finding_of({"_metadata.yaml.j2": "metadata:\n  name: {{ nmae }}\n"})
    assert place(finding) == ("BG501", "_metadata.yaml.j2", 2)


def test_a_folder_of_overrides(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "own.yaml.j2").write_text("x: {{ nmae }}\n", encoding="utf-8")
    (tmp_path / "service-account.yaml.j2").write_text('{% include "parts/own.yaml.j2" %}', encoding="utf-8")
    (tmp_path / ".hidden").write_text("", encoding="utf-8")
    checked = load_templates(tmp_path)
    assert checked.value is not None
    assert checked.value.overridden == ("parts/own.yaml.j2", "service-account.yaml.j2")
    (finding,) = render_plan(samples.plan(ACCOUNT), checked.value).findings
    assert place(finding) == ("BG501", f"{tmp_path.as_posix()}/parts/own.yaml.j2", 1)


def test_a_folder_that_is_missing_or_no_text(tmp_path: Path) -> None:
    (finding,) = load_templates(tmp_path / "templatse").findings
    assert finding.info.slug == "unreadable-template"
    (tmp_path / "service.yaml.j2").write_bytes(b"a: \xff\n")
    (finding,) = load_templates(tmp_path).findings
    assert finding.message == "`service.yaml.j2` is not UTF-8: byte 3 is 0xff"


def test_a_fault_of_the_built_in_templates_is_no_finding() -> None:
    with pytest.raises(AttributeError):
        BUILTIN.render("service.yaml.j2", {"meta": 1})


def test_the_name_of_a_template_cannot_leave_the_folder() -> None:
    with pytest.raises(LookupError):
        BUILTIN.text("../pyproject.toml")


def test_every_language_quotes_in_its_own_way() -> None:
    value = "a'b\"\n"
    templates = loaded(
        {
            "role.yaml.j2": 'y: {{ value }}\n{% include "x.json.j2" %}{% include "x.sh.j2" %}{% include "x.md.j2" %}',
            "x.json.j2": '{"j": {{ value }}, "n": {{ none }}}\n',
            "x.sh.j2": "s {{ value }}\n",
            "x.md.j2": "m {{ value }}",
        }
    )
    assert templates.render("role.yaml.j2", {"value": value}) == (
        'y: "a\'b\\"\\n"\n{"j": "a\'b\\"\\n", "n": null}\ns \'a\'"\'"\'b"\n\'\nm ' + value
    )


def test_only_what_is_rendered_escapes_the_quoting() -> None:
    text = "{% macro m() %}a: b{% endmacro %}{{ m() }}\n{{ x.upper() }}\n{{ raw('role.yaml.j2').strip() }}\n"
    rendered = loaded({"service.yaml.j2": text, "role.yaml.j2": "a: b"}).render("service.yaml.j2", {"x": "c: d"})
    assert rendered == 'a: b\n"C: D"\n"a: b"\n'


def test_a_module_of_macros_is_rendered_text_too() -> None:
    overrides = {
        "role.yaml.j2": '{% import "m.yaml.j2" as m %}{{ m.pair("c: d") }}\n'
        "{% block b %}x{% endblock %}{{ self.b() }}\n",
        "m.yaml.j2": "{% macro pair(value) %}a: {{ value }}{% endmacro %}",
    }
    assert loaded(overrides).render("role.yaml.j2", {}) == 'a: "c: d"\nxx\n'


def test_an_include_may_be_missing() -> None:
    text = '{% include "nothing.yaml.j2" ignore missing %}a: 1\n'
    assert loaded({"role.yaml.j2": text}).render("role.yaml.j2", {}) == "a: 1\n"


def test_json_takes_only_what_json_has() -> None:
    templates = loaded({"role.yaml.j2": '{% include "x.json.j2" %}', "x.json.j2": "{{ value }} {{ 'a'|comment }}"})
    assert templates.render("role.yaml.j2", {"value": [1, "ü"]}) == '[1, "ü"] a'
    with pytest.raises(TemplateFaultError, match="is no JSON value"):
        templates.render("role.yaml.j2", {"value": {1j}})


def test_the_fault_of_a_secret_is_a_finding() -> None:
    secret = access.Secret(samples.meta(), ())
    (finding,) = render_secret(secret, {}, "home", loaded({"secret.yaml.j2": "a: {{ nmae }}\n"})).findings
    assert place(finding) == ("BG501", "secret.yaml.j2", 1)


def test_templates_that_were_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "backupgen" / "manifests"
    monkeypatch.setattr("backupgen.manifests.templates.__file__", str(package / "templates.py"))
    with pytest.raises(TemplatesMissingError, match="install backupgen again"):
        load_templates()
    for folder in (tmp_path / "templates", tmp_path / "backupgen" / "_templates"):
        folder.mkdir(parents=True)
        (folder / "role.yaml.j2").write_text(folder.name, encoding="utf-8")
        assert load_templates().value.text("role.yaml.j2") == folder.name  # type: ignore[union-attr]


def test_each_code_is_complete_and_known_once() -> None:
    assert [info.code for info in CODES] == [*(f"BG50{number}" for number in range(1, 9))]
    assert len({info.slug for info in CODES}) == len(CODES)
    assert all((info.summary, info.why, info.fix, info.bad, info.good) for info in CODES)


def test_a_block_that_the_builtin_template_does_not_have_is_a_finding() -> None:
    text = '{% extends "builtin/cronjob.yaml.j2" %}\n{% block metdata %}{% endblock %}\n'
    checked = load_templates({"cronjob.yaml.j2": text})
    (found,) = checked.findings
    assert (found.info.code, found.message, found.help) == (
        "BG502",
        "`builtin/cronjob.yaml.j2` has no block `metdata`",
        "did you mean `metadata`?",
    )
    assert found.spot.span is not None
    assert found.spot.span.line == 2
    assert load_templates({"cronjob.yaml.j2": text.replace("metdata", "metadata")}).findings == ()
