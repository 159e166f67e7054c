"""Text to plain data whose every node knows its line and column. Knows YAML, and nothing of fleets."""

from backupgen.source.codes import CODES
from backupgen.source.document import Document, read_document
from backupgen.source.encoding import decode_any
from backupgen.source.foreign import load_foreign
from backupgen.source.manifest import Manifest, documents, read_manifest
from backupgen.source.plain import PlainError, load_all

__all__ = [
    "CODES",
    "Document",
    "Manifest",
    "PlainError",
    "decode_any",
    "documents",
    "load_all",
    "load_foreign",
    "read_document",
    "read_manifest",
]
