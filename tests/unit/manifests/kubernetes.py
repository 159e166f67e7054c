"""What Kubernetes does with the strings of a container: a port of third_party/forked/golang/expansion/expand.go."""

from collections.abc import Mapping


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Expand `$(NAME)` byte by byte, as Go does; an unknown name stays."""
    source, result, checkpoint, cursor = text.encode(), b"", 0, 0
    while cursor < len(source):
        if source[cursor : cursor + 1] == b"$" and cursor + 1 < len(source):
            result += source[checkpoint:cursor]
            name, is_name, advance = _read(source[cursor + 1 :])
            if is_name:
                name = variables.get(name.decode(), f"$({name.decode()})").encode()
            result += name
            cursor += advance
            checkpoint = cursor + 1
        cursor += 1
    return (result + source[checkpoint:]).decode(errors="surrogateescape")


def _read(source: bytes) -> tuple[bytes, bool, int]:
    if source[:1] == b"$":
        return b"$", False, 1
    if source[:1] == b"(":
        end = source.find(b")", 1)
        return (source[1:end], True, end + 1) if end > 0 else (b"$(", False, 1)
    return b"$" + chr(source[0]).encode(), False, 1  # Go makes a rune of the single byte
