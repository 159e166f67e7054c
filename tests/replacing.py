"""`dataclasses.replace` for named tuples as well, of which the plan is made."""

import dataclasses
from typing import Any


def replace(value: Any, **changes: Any) -> Any:
    """The same value with other fields."""
    return value._replace(**changes) if hasattr(value, "_replace") else dataclasses.replace(value, **changes)
