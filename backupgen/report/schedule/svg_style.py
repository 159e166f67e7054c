"""How the SVG of a schedule looks, on light and on dark screens. It brings its own ground, whatever the page's is."""

from typing import Final

_RULES: Final = """
text { font: 12px -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; fill: FG; }
.name, .hour { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.title { font-size: 16px; font-weight: 600; }
.day { font-weight: 600; }
.hour, .soft { fill: SOFT; }
.hour { font-size: 11px; text-anchor: middle; }
.good { fill: GOOD; font-weight: 600; }
.bad { fill: BAD; font-weight: 600; }
.card { fill: CARD; stroke: EDGE; }
.stripe { fill: STRIPE; }
.grid { stroke: EDGE; shape-rendering: crispEdges; }
.shared { fill: SHARED; }
.exclusive { fill: EXCLUSIVE; }
.none { fill: NONE; }
.restore-test { fill: RESTORE; }
.late { opacity: 0.4; }
.suspended { opacity: 0.45; }
.hatch { stroke: CARD; stroke-width: 1.5; }
.closed { fill: EXCLUSIVE; opacity: 0.16; }
.ground { fill: CARD; }
.crossed { stroke: BAD; stroke-width: 1.6; }
.clash { fill: url(#crossed); stroke: BAD; stroke-width: 1.5; }
.dotted { fill: FG; }
.wait { fill: url(#dotted); stroke: FG; stroke-dasharray: 2 2; }
"""

_LIGHT: Final = {
    "FG": "#1f2328",
    "SOFT": "#59636e",
    "GOOD": "#1a7f37",
    "BAD": "#cf222e",
    "CARD": "#ffffff",
    "EDGE": "#d1d9e0",
    "STRIPE": "#f6f8fa",
    "SHARED": "#2f7bd6",
    "EXCLUSIVE": "#b35900",
    "NONE": "#8250df",
    "RESTORE": "#1b7c83",
}
_DARK: Final = {
    "FG": "#e6edf3",
    "SOFT": "#9198a1",
    "GOOD": "#3fb950",
    "BAD": "#ff7b72",
    "CARD": "#0d1117",
    "EDGE": "#3d444d",
    "STRIPE": "#151b23",
    "SHARED": "#58a6ff",
    "EXCLUSIVE": "#f0a04b",
    "NONE": "#bc8cff",
    "RESTORE": "#56d4dd",
}


def _colored(colors: dict[str, str]) -> str:
    rules = _RULES
    for name, color in colors.items():
        rules = rules.replace(f" {name};", f" {color};")
    return rules


STYLE: Final = f"{_colored(_LIGHT)}@media (prefers-color-scheme: dark) {{{_colored(_DARK)}}}\n"
"""The content of the style element."""

PATTERNS: Final = (
    '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" y1="0" x2="0" y2="5"/></pattern>',
    '<pattern id="crossed" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="ground" width="6" height="6"/><path class="crossed" d="M0 0L6 6M6 0L0 6"/></pattern>',
    '<pattern id="dotted" width="4" height="4" patternUnits="userSpaceOnUse">'
    '<circle class="dotted" cx="2" cy="2" r="1"/></pattern>',
)
"""What tells exclusive windows, conflicts and waits apart without colour."""
