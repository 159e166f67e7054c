"""Text as fleet.yaml accepts it, and the readers that it has to survive."""

from io import StringIO
from typing import Any

import yaml
from hypothesis import strategies as st
from ruamel.yaml import YAML

from backupgen.source import load_all

# `fleet.scalars.text`: any character but control characters other than tab and line feed, surrogates, noncharacters.
ACCEPTED = st.characters(
    exclude_categories=["Cs"],
    exclude_characters="".join(map(chr, [*range(9), *range(11, 32), *range(127, 160), 0xFFFE, 0xFFFF])),
)
# What means something to YAML, Jinja, the shell, Kubernetes or a tired reader.
NASTY = (
    *(
        "yes",
        "No",
        "on",
        "OFF",
        "y",
        "n",
        "true",
        "null",
        "~",
        "",
        "0",
        "007",
        "0x1F",
        "0o7",
        "1_000",
        "12:30",
        "1:2:3",
    ),
    *("2024-01-01", "2024-01-01T00:00:00Z", ".inf", "-.INF", ".nan", "1e3", "+1", "-", "?", ":", "=", "<<", "*a", "&a"),
    *(
        "!x",
        "%TAG",
        "@a",
        "`a`",
        "---",
        "...",
        " a",
        "a ",
        "a: b",
        "a #b",
        "#a",
        "[",
        "]",
        "{",
        "}",
        ",",
        "a,b",
        "|",
        ">",
    ),
    *(
        "{{ x }}",
        "{% raw %}",
        "{# x #}",
        "$(HOME)",
        "$$(HOME)",
        "$$",
        "$",
        "a$",
        "$ü",
        "$(",
        "`id`",
        "$(id)",
        "a'b",
        'a"b',
    ),
    *(
        "\\",
        "\\n",
        "a\nb",
        "\n",
        "\n\n",
        "a\n",
        "a\n\n",
        "\ta",
        "a\tb",
        " \n a",
        "a \nb",
        "a\n b\n",
        "\ta\nb",
        "a\n\n\nb",
    ),
    *("\u2028", "a\u2029b\nc", "\ufeff", "\u00a0", "\u202e", "ü", "日本\n語\n", "\U0001f4be", "'", '"', "a" * 5000),
    *(
        "a\n# b\n",
        "#a\nb",
        "a:\n",
        "- a\n- b\n",
        "a\n---\nb\n",
        "a\n...\n",
        "x\n\t\ty\n",
        "500Mi",
        "1E",
        "12e03",
        "1d",
        "none",
    ),
)
TEXT: st.SearchStrategy[str] = st.one_of(
    st.sampled_from(NASTY), st.text(ACCEPTED), st.lists(st.sampled_from(NASTY), max_size=4).map("".join)
)


def readings(text: str) -> list[Any]:
    """The document as YAML 1.2 (ruamel), YAML 1.1 (PyYAML, pure and libyaml) and the compiler itself read it."""
    return [
        YAML(typ="safe", pure=True).load(StringIO(text)),
        yaml.load(text, yaml.SafeLoader),
        yaml.load(text, yaml.CSafeLoader),
        load_all(text)[0],
    ]
