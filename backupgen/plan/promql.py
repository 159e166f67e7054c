"""The pieces of PromQL that rules and panels are made of."""

import json
from collections.abc import Iterable


def quote(text: str) -> str:
    """Return a PromQL string literal; its escapes are Go's, of which JSON's are a part."""
    return json.dumps(text, ensure_ascii=False)


def select(metric: str, *matchers: str, **labels: str) -> str:
    """Return a selector: the metric's series that have these labels' values, and match what is given as PromQL."""
    parts = [*(f"{label}={quote(value)}" for label, value in labels.items()), *matchers]
    return f"{metric}{{{', '.join(parts)}}}"


def one_of(label: str, words: Iterable[str]) -> str:
    """Return a matcher for any of some words, which hold no character that is special in a regular expression."""
    return f"{label}=~{quote('|'.join(words))}"
