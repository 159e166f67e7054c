"""The codes that reading fleet.yaml can yield: BG101 and up."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

SYNTAX_ERROR: Final = CodeInfo(
    code="BG101",
    slug="syntax-error",
    severity=Severity.ERROR,
    summary="The file is not valid YAML.",
    why="Nothing can be compiled from a file that cannot be read; the manifests in Git stay as they were.",
    fix="Mend the place that the finding points at. Quote a value that holds `: `, or starts with a sign such as `@`.",
    bad='targets:\n  grafana:\n    at:":20"\n    namespace: monitoring\n',
    good='targets:\n  grafana:\n    at: ":20"\n    namespace: monitoring\n',
)
TAB_INDENTATION: Final = CodeInfo(
    code="BG102",
    slug="tab-indentation",
    severity=Severity.ERROR,
    summary="A line is indented with a tab.",
    why="YAML forbids tabs as indentation, because editors do not agree on their width.",
    fix="Indent with spaces, two for each level, and tell the editor to expand tabs in YAML files.",
    bad="targets:\n\tgrafana: {}\n",
    good="targets:\n  grafana: {}\n",
)
NOT_UTF8: Final = CodeInfo(
    code="BG103",
    slug="not-utf-8",
    severity=Severity.ERROR,
    summary="The file is not encoded in UTF-8.",
    why="A path or a tag that is read in the wrong encoding names a volume or a snapshot that does not exist.",
    fix="Save the file as UTF-8, for instance with `iconv -f ISO-8859-1 -t UTF-8`.",
    bad="# saved as ISO-8859-1\ntargets:\n  café: {}\n",
    good="# saved as UTF-8\ntargets:\n  café: {}\n",
)
CONTROL_CHARACTER: Final = CodeInfo(
    code="BG104",
    slug="control-character",
    severity=Severity.ERROR,
    summary="The file contains a control character.",
    why="YAML forbids control characters; one that is pasted unseen would end up in a path or a command.",
    fix='Delete the character; where it is meant, write it as an escape in double quotes: `"\\x07"`.',
    bad="note: a bell \x07 here\n",
    good='note: "a bell \\x07 here"\n',
)
EMPTY_FILE: Final = CodeInfo(
    code="BG105",
    slug="empty-file",
    severity=Severity.ERROR,
    summary="The file holds nothing but blanks and comments.",
    why="A fleet without targets would remove every backup job from the repository.",
    fix="Write the fleet; the README has one of ten lines.",
    bad="# nothing yet\n",
    good="fleet: home\ntargets: {}\n",
)
SEVERAL_DOCUMENTS: Final = CodeInfo(
    code="BG106",
    slug="several-documents",
    severity=Severity.ERROR,
    summary="The file holds more than one YAML document.",
    why="A fleet is proved as a whole; targets in a second document would silently go without a backup.",
    fix="Join the documents into one, or keep one file for each fleet.",
    bad="fleet: home\n---\nfleet: work\n",
    good="fleet: home\n",
)
ROOT_NOT_MAPPING: Final = CodeInfo(
    code="BG107",
    slug="root-not-mapping",
    severity=Severity.ERROR,
    summary="The file's outermost level is not a mapping.",
    why="A fleet is a mapping of settings and targets; a list or a single value says nothing about either.",
    fix="Write `key: value` lines at the outermost level.",
    bad="- grafana\n- mariadb\n",
    good="targets:\n  grafana: {}\n  mariadb: {}\n",
)
DUPLICATE_KEY: Final = CodeInfo(
    code="BG108",
    slug="duplicate-key",
    severity=Severity.ERROR,
    summary="A key stands twice in the same mapping.",
    why="Most readers keep the last one and drop the first in silence: a whole target can vanish that way.",
    fix="Rename or remove one of the two.",
    bad='targets:\n  grafana: {at: ":20"}\n  grafana: {at: ":40"}\n',
    good='targets:\n  grafana: {at: ":20"}\n  grafana-db: {at: ":40"}\n',
)
ANCHOR_OR_ALIAS: Final = CodeInfo(
    code="BG109",
    slug="anchor-or-alias",
    severity=Severity.ERROR,
    summary="The file uses a YAML anchor, alias or merge key.",
    why="Readers disagree on what a merge overrides, and a finding could not point at the line that is to be changed.",
    fix="Put what targets share under `defaults:`; quote a value that merely starts with `*` or `&`.",
    bad="targets:\n  grafana: &base {deadline: 9m}\n  mariadb: *base\n",
    good="defaults: {deadline: 9m}\ntargets:\n  grafana: {}\n  mariadb: {}\n",
)
EXPLICIT_TAG: Final = CodeInfo(
    code="BG110",
    slug="explicit-tag",
    severity=Severity.ERROR,
    summary="A value carries an explicit YAML tag.",
    why="A tag asks the reader to build something else than plain data; some readers run code for it.",
    fix="Remove the tag; quote the value where it has to be a string, or starts with `!` by itself.",
    bad="image: !!str 1.0\n",
    good='image: "1.0"\n',
)
KEY_NOT_STRING: Final = CodeInfo(
    code="BG111",
    slug="key-not-string",
    severity=Severity.ERROR,
    summary="A mapping key is not a string.",
    why="`1:` and `true:` are a number and a truth value to YAML; the name that was meant would not be found.",
    fix="Write the key in quotes; write a value that starts with a brace or bracket in quotes as well.",
    bad="labels:\n  1: first\n",
    good='labels:\n  "1": first\n',
)
TOO_DEEP: Final = CodeInfo(
    code="BG112",
    slug="too-deep",
    severity=Severity.ERROR,
    summary="The file is nested deeper than any fleet needs.",
    why="Nothing in a fleet lies that deep; a file that does is damaged or made to exhaust the reader.",
    fix="Look for a run of opening brackets or dashes, and remove it.",
    bad="targets: " + "[" * 80 + "]" * 80 + "\n",
    good="targets: {}\n",
)
UNREADABLE_FILE: Final = CodeInfo(
    code="BG113",
    slug="unreadable-file",
    severity=Severity.ERROR,
    summary="The file does not exist or cannot be read.",
    why="Without its source the fleet can be neither compiled nor checked.",
    fix="Name the file with `--fleet`, and see to it that it exists and may be read.",
    bad="# backupgen check --fleet flet.yaml\nfleet: home\n",
    good="# backupgen check --fleet fleet.yaml\nfleet: home\n",
)

CODES: Final = declared(globals())
