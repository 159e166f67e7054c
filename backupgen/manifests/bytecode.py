"""Compiled templates, kept where Python keeps compiled modules, because to compile them takes a third of a small run.

They lie in `__pycache__` beside this module, under Python's own rules: not where it cannot be written, and not at all
with PYTHONDONTWRITEBYTECODE. Jinja compares each with its template's text; the fingerprint in their names stands for
the rest.
"""

import contextlib
import sys
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class Bytecode(FileSystemBytecodeCache):
    """Jinja's cache of compiled templates, which nobody misses if it cannot be written."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a compiled template, if that is possible."""
        with contextlib.suppress(OSError):
            super().dump_bytecode(bucket)


def bytecode() -> Bytecode | None:
    """Return the cache; None where Python is not to write bytecode or has no such folder."""
    folder = Path(__file__).parent
    cache = folder / "__pycache__"
    if sys.dont_write_bytecode or not cache.is_dir():
        return None
    # What a template is compiled to depends on these modules as well, and on Jinja.
    sources = b"".join((folder / name).read_bytes() for name in ("engine.py", "filters.py", "scalars.py"))
    fingerprint = sha256(sources + version("jinja2").encode()).hexdigest()[:16]
    return Bytecode(str(cache), f"template-{fingerprint}-%s.{sys.implementation.cache_tag}.bin")
