"""The sample schedules in every format, byte for byte. `make regen` writes them anew."""

from dataclasses import replace
from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from backupgen.report.schedule import SCHEDULE_FORMATS
from tests.unit.report.schedules import SAMPLES

FOLDER = Path(__file__).with_suffix("")
SUFFIXES = {"table": "txt", "json": "json", "svg": "svg", "ics": "ics"}
KEPT = {
    "table": tuple(SAMPLES),
    "json": ("conflicting", "odd"),
    "svg": ("conflicting", "spring", "autumn", "odd"),
    "ics": ("autumn", "odd"),
}
"""What a reader of a difference would want to see; the other formats of the others are judged by properties."""
COLORED = ("healthy", "conflicting")


@pytest.mark.parametrize(("format_", "name"), [(format_, name) for format_, names in KEPT.items() for name in names])
def test_a_schedule_looks_as_it_did(format_: str, name: str, file_regression: FileRegressionFixture) -> None:
    # Git turns the line breaks of a calendar into those of every other file; another test is about them.
    text = SCHEDULE_FORMATS[format_](SAMPLES[name]()).replace("\r\n", "\n")
    file_regression.check(text.encode(), fullpath=FOLDER / f"{name}.{SUFFIXES[format_]}", binary=True)


@pytest.mark.parametrize("name", COLORED)
def test_a_schedule_has_the_colours_it_had(name: str, file_regression: FileRegressionFixture) -> None:
    text = SCHEDULE_FORMATS["table"](replace(SAMPLES[name](), color=True))
    file_regression.check(text.encode(), fullpath=FOLDER / f"{name}.ansi", binary=True)


def test_every_kept_file_is_compared() -> None:
    expected = {f"{name}.{SUFFIXES[format_]}" for format_, names in KEPT.items() for name in names}
    expected |= {f"{name}.ansi" for name in COLORED}
    assert {path.name for path in FOLDER.iterdir()} == expected
