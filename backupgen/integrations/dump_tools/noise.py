"""Sample data that nothing compresses."""

import hashlib


def noise(seed: str, size: int) -> bytes:
    """Return so many bytes, the same for the same seed."""
    return hashlib.shake_256(seed.encode()).digest(size)
