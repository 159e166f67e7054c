"""JSON, GitHub, SARIF and JUnit."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from jsonschema.validators import validator_for
from xmlschema import XMLSchema, XMLSchemaValidationError

from backupgen import __version__
from backupgen.diagnostics import Finding, Spot
from backupgen.pipeline import CATALOGUE, schedule_fleet
from backupgen.report.findings import FORMATS
from backupgen.report.findings.check_report import Report, arrange
from backupgen.report.findings.github import escape_data, escape_property
from backupgen.report.lines import visible
from backupgen.rules import RULES
from tests.thoroughness import examples

DATA = Path(__file__).parent / "data"
SCHEMA = json.loads((DATA / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


def parse(xml: str) -> ET.Element:
    return ET.fromstring(xml.encode())  # noqa: S314 (our own output)


def test_json(report: Report) -> None:
    found = json.loads(FORMATS["json"](report))
    assert list(found) == ["findings", "summary"]
    assert found["summary"] == {"errors": 1, "warnings": 1, "infos": 1, "targets": 2, "manifests": 9}
    assert found["findings"][1] == {
        "code": "BG301",
        "slug": "slot-collision",
        "severity": "error",
        "message": "`grafana` and `mariadb` meet at `03:20`",
        "cause": "the one takes `9m`\nthe other `5m`",
        "help": 'move one of them, for instance to `at: ":40"`,\nor shorten its deadline',
        "docs": "docs/findings/BG301.md",
        "file": "fleet.yaml",
        "line": 3,
        "column": 9,
        "target": "grafana",
        "related": [
            {"message": "the other one", "file": "fleet.yaml", "line": 6, "column": 9},
            {"message": "rendered here", "file": "out/a:b,c.yaml", "line": 1, "column": 1},
        ],
    }
    keys = ("file", "line", "column", "target", "related")
    assert [found["findings"][0][key] for key in keys] == [None, None, None, None, []]
    assert found["findings"][2]["target"] == "漢字"


def test_github(report: Report) -> None:
    assert FORMATS["github"](report).splitlines() == [
        '::notice title=BG320 note::no place <at> all & "quotes"',
        "::error file=fleet.yaml,line=3,endLine=3,col=9,endColumn=13,title=BG301 slot-collision"
        "::`grafana` and `mariadb` meet at `03:20`"
        "%0Athe other one: fleet.yaml:6:9%0Arendered here: out/a:b,c.yaml:1:1"
        "%0Acause: the one takes `9m`%0Athe other `5m`"
        '%0Ahelp: move one of them, for instance to `at: ":40"`,%0Aor shorten its deadline',
        "::warning file=fleet.yaml,line=4,endLine=4,col=6,endColumn=10,title=BG310 tight-window"
        "::only 90%25 of the window:\\x1b[2J used%0A",
    ]
    odd = replace(report.findings[1], spot=report.findings[1].related[1].spot)
    assert FORMATS["github"](Report((odd,))).startswith("::error file=out/a%3Ab%2Cc.yaml,line=1,")


@pytest.mark.parametrize(
    ("text", "data", "value"),
    [
        ("100%", "100%25", "100%25"),
        ("%0A", "%250A", "%250A"),
        ("a\r\nb", "a%0D%0Ab", "a%0D%0Ab"),
        ("a:b,c", "a:b,c", "a%3Ab%2Cc"),
        ("x::y", "x::y", "x%3A%3Ay"),
        ("\x1b[0m\u2028", "\\x1b[0m\\u2028", "\\x1b[0m\\u2028"),
    ],
)
def test_github_escapes(text: str, data: str, value: str) -> None:
    assert (escape_data(text), escape_property(text)) == (data, value)


def read_by_the_runner(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner takes it apart (src/Runner.Common/ActionCommand.cs)."""
    head, data = line.removeprefix("::").split("::", 1)
    command, _, listed = head.partition(" ")
    pairs = (entry.split("=", 1) for entry in listed.split(","))

    def plain(text: str, *escapes: tuple[str, str]) -> str:
        for escaped, character in (("%0D", "\r"), ("%0A", "\n"), *escapes, ("%25", "%")):
            text = text.replace(escaped, character)
        return text

    properties = {name: plain(value, ("%3A", ":"), ("%2C", ",")) for name, value in pairs}
    return command, properties, plain(data)


@given(text=st.text(st.characters() | st.sampled_from("%:,\r\n=AD0235"), max_size=30))
@examples(200, suppress=[HealthCheck.function_scoped_fixture])
def test_the_runner_reads_what_github_is_told(report: Report, text: str) -> None:
    finding = replace(
        report.findings[2], message=text, help="", spot=replace(report.findings[2].spot, file=text or "fleet.yaml")
    )
    (line,) = FORMATS["github"](Report((finding,))).split("\n")[:-1]
    command, properties, message = read_by_the_runner(line)
    shown = visible(text, keep="\r\n\t")
    assert (command, message) == ("warning", shown)
    assert properties == {
        "file": shown or "fleet.yaml",
        "line": "4",
        "endLine": "4",
        "col": "6",
        "endColumn": "10",
        "title": "BG310 tight-window",
    }


def test_every_finding_of_the_rules_agrees_with_the_schemas() -> None:
    folders = sorted((Path(__file__).parents[2] / "rules").iterdir())
    texts = {f"{folder.name}/fleet.yaml": (folder / "bad.yaml").read_bytes() for folder in folders}
    findings = [one for name, raw in texts.items() for one in schedule_fleet(raw, name).findings]
    report = Report(arrange(findings), CATALOGUE, {name: raw.decode() for name, raw in texts.items()})
    document = json.loads(FORMATS["sarif"](report))
    assert [error.message for error in validator_for(SCHEMA)(SCHEMA).iter_errors(document)] == []
    results = document["runs"][0]["results"]
    assert len({result["ruleId"] for result in results}) >= len(RULES)
    assert all(result["locations"] for result in results)
    XMLSchema(DATA / "junit-10.xsd").validate(FORMATS["junit"](report))


def test_sarif_agrees_with_the_schema(report: Report, silence: Report) -> None:
    validator = validator_for(SCHEMA)(SCHEMA)
    for entry in (report, silence, replace(report, catalogue=())):
        assert [error.message for error in validator.iter_errors(json.loads(FORMATS["sarif"](entry)))] == []


def test_sarif(report: Report) -> None:
    (run,) = json.loads(FORMATS["sarif"](report))["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("backupgen", __version__)
    assert [rule["id"] for rule in driver["rules"]] == ["BG301", "BG310", "BG320", "BG330"]
    assert driver["rules"][0]["name"] == "SlotCollision"
    assert [rule["defaultConfiguration"]["level"] for rule in driver["rules"]] == ["error", "warning", "note", "error"]
    results: list[dict[str, Any]] = run["results"]
    assert [(result["ruleId"], result["ruleIndex"], result["level"]) for result in results] == [
        ("BG320", 2, "note"),
        ("BG301", 0, "error"),
        ("BG310", 1, "warning"),
    ]
    (nowhere,) = results[0]["locations"]
    assert nowhere == {"physicalLocation": {"artifactLocation": {"uri": "fleet.yaml"}}}
    assert "the one takes `9m`" in results[1]["message"]["text"]
    assert driver["rules"][0]["help"]["markdown"].startswith("**error**: two operations meet\n\none fails\n")
    (location,) = results[1]["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "fleet.yaml"},
        "region": {"startLine": 3, "startColumn": 9, "endLine": 3, "endColumn": 14},
    }
    uris = [other["physicalLocation"]["artifactLocation"]["uri"] for other in results[1]["relatedLocations"]]
    assert uris == ["fleet.yaml", "out/a%3Ab%2Cc.yaml"]
    assert "relatedLocations" not in results[2]


def test_sarif_without_any_file(report: Report) -> None:
    (run,) = json.loads(FORMATS["sarif"](replace(report, findings=report.findings[:1], sources={})))["runs"]
    assert run["results"][0]["locations"] == []


def test_sarif_knows_a_result_again_when_lines_move(report: Report) -> None:
    def prints(report: Report) -> list[str]:
        (run,) = json.loads(FORMATS["sarif"](report))["runs"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]

    def moved(finding: Finding) -> Finding:
        span = finding.spot.span
        spot = finding.spot if span is None else replace(finding.spot, span=replace(span, line=span.line + 1))
        return replace(finding, message="said otherwise", spot=spot)

    indented = "\n  " + report.sources["fleet.yaml"].replace("\n", "\n  ")
    later = Report(tuple(map(moved, report.findings)), sources={"fleet.yaml": indented})
    assert prints(later) == prints(report)
    elsewhere = replace(report, findings=tuple(replace(finding, target="other") for finding in report.findings))
    assert set(prints(elsewhere)).isdisjoint(prints(report))
    assert len(set(prints(report))) == 3
    twice = replace(report, findings=(report.findings[1], replace(report.findings[1], message="another")))
    first, second = prints(twice)
    assert (first.partition(":")[0], first[-2:], second[-2:]) == (second.partition(":")[0], ":1", ":2")


def test_sarif_names_absolute_files_by_uri(report: Report) -> None:
    finding = replace(report.findings[0], spot=Spot(file="/srv/my fleet.yaml"))
    (run,) = json.loads(FORMATS["sarif"](Report((finding,))))["runs"]
    physical = run["results"][0]["locations"][0]["physicalLocation"]
    assert physical == {"artifactLocation": {"uri": "file:///srv/my%20fleet.yaml"}}


def test_junit(report: Report) -> None:
    root = parse(FORMATS["junit"](report))
    (suite,) = root
    for element in (root, suite):
        assert [element.get(name) for name in ("tests", "failures", "errors")] == ["4", "1", "0"]
    collision, tight, note, silent = suite
    assert collision.get("name") == "BG301 slot-collision: two operations meet"
    (failure,) = collision
    assert (failure.tag, failure.get("message")) == ("failure", "`grafana` and `mariadb` meet at `03:20`")
    assert failure.text == (
        "fleet.yaml:3:9: error: `grafana` and `mariadb` meet at `03:20`\n"
        "  cause: the one takes `9m`\n         the other `5m`\n"
        '  help: move one of them, for instance to `at: ":40"`,\n        or shorten its deadline'
    )
    assert [child.tag for child in tight] == ["system-out"]
    assert note[0].text == 'info: no place <at> all & "quotes"'
    assert (len(silent), silent.get("name")) == (0, "BG330 silent: never found here")


def test_junit_agrees_with_the_schema(report: Report, silence: Report) -> None:
    schema = XMLSchema(DATA / "junit-10.xsd")
    for entry in (report, silence, replace(report, strict=True), Report(())):
        schema.validate(FORMATS["junit"](entry))
    with pytest.raises(XMLSchemaValidationError):
        schema.validate(FORMATS["junit"](report).replace("<testcase ", "<testcase line='1' "))


def test_junit_fails_for_warnings_where_check_does(report: Report) -> None:
    (suite,) = parse(FORMATS["junit"](replace(report, strict=True)))
    assert suite.get("failures") == "2"
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["failure"], ["system-out"], []]


def test_junit_fails_once_a_code(report: Report) -> None:
    finding = report.findings[1]
    other = replace(finding, message="second")
    (suite,) = parse(FORMATS["junit"](Report((finding, other))))
    assert suite.get("failures") == "1"
    assert suite[0][0].get("message") == "`grafana` and `mariadb` meet at `03:20` (and 1 more)"
    assert "second" in (suite[0][0].text or "")


@given(text=st.text(st.characters() | st.sampled_from("\x00\x1b\ufffe]>&%\r\n"), max_size=30))
@examples(100, suppress=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_every_format(report: Report, text: str) -> None:
    finding = replace(report.findings[1], message=text, help=text, spot=replace(report.findings[1].spot, file=text))
    odd = replace(report, findings=(finding,), sources={text: text})
    assert json.loads(FORMATS["json"](odd))["findings"][0]["message"] == text
    assert json.loads(FORMATS["sarif"](odd))["runs"][0]["results"][0]["message"]["text"].startswith(text)
    parse(FORMATS["junit"](odd))
    assert FORMATS["github"](odd).count("\n") == 1
    for name in FORMATS:
        shown = FORMATS[name](odd)
        shown.encode()
        assert not any(character < " " and character not in "\n\t" for character in shown), name
