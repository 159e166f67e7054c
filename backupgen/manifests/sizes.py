"""Proves that the API server takes the rendered objects: how large each of them is."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions import naming
from backupgen.diagnostics import Finding, Span, Spot
from backupgen.manifests.codes import LARGE_OBJECT, OVERSIZED_OBJECT
from backupgen.manifests.render import ManifestSet

OBJECT_LIMIT: Final = 3 * 2**19
"""What etcd takes in one request (its `--max-request-bytes`), in bytes."""
DATA_LIMIT: Final = 2**20
"""What a ConfigMap or a Secret may hold (MaxSecretSize, and ValidateConfigMap, in pkg/apis/core/validation)."""
RULES_LIMIT: Final = 2**19
"""What Prometheus Operator takes as a PrometheusRule (`ValidateRule` in its pkg/operator/rules.go)."""
ANNOTATIONS_LIMIT: Final = 2**18
"""What all annotations of an object may hold (TotalAnnotationSizeLimitB in apimachinery), in bytes."""

_DATA: Final = ("configmap.", "secret.")
_RULES: Final = "prometheusrule."
_NO_OBJECTS: Final = (f"{naming.RULE_TESTS}/", f"{naming.RUNBOOKS}/")


def judge_sizes(manifests: ManifestSet, *, client_side: bool) -> Iterator[Finding]:
    """Yield a finding for each object that is too large, by the size of its text, which is a little more than its own.

    `client_side` is whether it is applied by a tool that may keep a copy of it in an annotation. The findings' file is
    the path below out/.
    """
    for path, text in manifests.files.items():
        if (
            path.startswith(_NO_OBJECTS) or len(text) * 4 <= ANNOTATIONS_LIMIT
        ):  # not even if all of it were beyond the basic plane
            continue
        size = len(text.encode())
        name = path.rpartition("/")[2]
        rules = name.startswith(_RULES)
        limit = RULES_LIMIT if rules else DATA_LIMIT if name.startswith(_DATA) else OBJECT_LIMIT
        if size > limit:
            who = "Prometheus Operator" if rules else "the API server"
            message = f"the object has about {_mebibytes(size)}, {who} takes {_mebibytes(limit)}"
            yield Finding(OVERSIZED_OBJECT, message, _start(path), OVERSIZED_OBJECT.fix)
        elif size > ANNOTATIONS_LIMIT and client_side:
            message = f"the object has about {_mebibytes(size)}, a copy of it fits in no annotation"
            yield Finding(LARGE_OBJECT, message, _start(path), LARGE_OBJECT.fix)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def _start(path: str) -> Spot:
    return Spot(file=path, span=Span(1, 1, 1, 1))
