"""bcrypt, for the REST server's users."""

from typing import Final

_COST: Final = 10
"""The server computes it for a client's first request; 10 is the usual cost, some 50 ms."""


class Bcrypt:
    """The `Hasher` of sealing. bcrypt itself is imported when the first password is hashed."""

    def hash(self, password: str) -> str:
        """Return a new hash of a password of at most 72 bytes."""
        import bcrypt

        return bcrypt.hashpw(password.encode(), bcrypt.gensalt(_COST)).decode()

    def verify(self, password: str, hashed: str) -> bool:
        """Whether the hash is one of the password; False for what is no bcrypt hash."""
        import bcrypt

        try:
            return bcrypt.checkpw(password.encode(), hashed.encode())
        except ValueError:  # no bcrypt hash, or a password that bcrypt does not take
            return False
