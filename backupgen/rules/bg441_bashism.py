"""BG441: a hook that only bash understands."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG441",
    slug="bashism",
    severity=Severity.WARNING,
    summary="A hook uses what POSIX `sh` does not have.",
    why="`sh -n` takes it for valid, and it fails or means something else when it runs: `[[` is then a command, and "
    "`set -o pipefail` ends the hook.",
    fix="Write it for POSIX `sh`, or call bash where the image has it: `bash -c '…'`.",
    bad='before: "[[ -e /backup/wiki/lock ]] && exit 1; true"',
    good='before: "[ ! -e /backup/wiki/lock ]"',
)

_BEGIN: Final = r"(?:^|[;&|(\n{]|\b(?:then|do|else|if|while|until|!))\s*"
_FORMS: Final = (
    (rf"{_BEGIN}\[\[\s", "[["),
    (rf"{_BEGIN}set\s+-[a-z]*o\s+pipefail", "set -o pipefail"),
    (rf"{_BEGIN}(?P<word>source|function|declare|typeset|shopt|mapfile|readarray|let|pushd|popd)\s", ""),
    (r"<\(|(?<![\w$])>\(", "<(…)"),
    (r"<<<", "<<<"),
    (r"&>>?", "&>"),
    (r"\$\{\w+(?://|\^|,)", "${…//…}"),
    (r"\$\{!\w", "${!…}"),
    (r"(?<!\$)\(\([^)]", "((…))"),
    (r"(?<![\w\\])\$'", "$'…'"),
)


_QUOTED: Final = re.compile(r"(?<![\\$])'[^']*'|(?<!\\)\"(?:[^\"\\$`]|\\.)*\"")
_COMMENT: Final = re.compile(r"(?m)(?:^|(?<=\s))#.*$")


def bashism(script: str) -> str:
    """Return a form in a script that POSIX sh (IEEE 1003.1, Shell Command Language) does not have; empty if none.

    What stands in quotes is not the shell's, and neither is a comment.
    """
    code = _COMMENT.sub("", _QUOTED.sub("''", script))
    for pattern, form in _FORMS:
        match = re.search(pattern, code)
        if match is not None:
            return form or match["word"]
    return ""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each hook once. A dump's command names its own shell."""
    for target in context.fleet.targets:
        for key, script in (("before", target.before), ("after", target.after)):
            form = bashism(script)
            if form:
                message = f"`{form}` is not part of POSIX `sh`, which runs the hooks"
                yield finding(INFO, message, (*target.job.path, key), "write it for POSIX `sh`, or call `bash -c '…'`")


RULE = Rule(INFO, check)
