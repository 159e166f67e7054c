"""The faults of docs/faults.md, by name."""

import importlib.util
import sys

from tests.scripts.jobs import ROOT

_spec = importlib.util.spec_from_file_location("faults", ROOT / "tools" / "faults.py")
assert _spec
assert _spec.loader
_module = importlib.util.module_from_spec(_spec)
sys.modules["faults"] = _module
_spec.loader.exec_module(_module)

FAULTS = {fault.name: fault for fault in _module.FAULTS}
