"""Durations as Go's time.ParseDuration reads them: restic's `--retry-lock`, and Flux' `interval`. They know no days."""


def go_duration(seconds: int) -> str:
    """Seconds as Go writes them, without its zeros: 5400 -> `1h30m`, 86400 -> `24h`."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = ((hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
