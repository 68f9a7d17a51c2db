"""Small pictures as inline SVG; each says in words what it shows, for those who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from markupsafe import Markup

WIDTH, HEIGHT = 120, 24


def sparkline(values: Sequence[float | None], title: str) -> Markup:
    """Return a line of the values, oldest first, from 0 to the largest; unknown ones leave a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return Markup('<span class="unknown" title="{}: not known">-</span>').format(title)
    top = max(known) or 1
    step = WIDTH / max(len(values) - 1, 1)
    lines: list[list[str]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            lines.append([])
        else:
            lines[-1].append(f"{index * step:.1f},{HEIGHT - 2 - value / top * (HEIGHT - 4):.1f}")
    drawn = Markup("").join(
        Markup('<polyline points="{}"/>').format(" ".join(line)) for line in lines if line
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="none">'
        "<title>{}</title>{}</svg>"
    ).format(WIDTH, HEIGHT, title, title, drawn)


def factors(parts: Sequence[tuple[str, float]], full: float) -> Markup:
    """Return a bar of the parts of a score, each with its name and points; `full` is the length of the whole bar."""
    title = ", ".join(f"{name} {points:g}" for name, points in parts if points)
    drawn, left = Markup(""), 0.0
    for place, (_, points) in enumerate(parts):
        width = max(points, 0) / (full or 1) * WIDTH
        drawn += Markup('<rect class="part-{}" x="{}" width="{}" height="12"/>').format(
            place, f"{left:.1f}", f"{width:.1f}"
        )
        left += width
    return Markup(
        '<svg class="factors" viewBox="0 0 {} 12" role="img" aria-label="{}" preserveAspectRatio="none">'
        "<title>{}</title>{}</svg>"
    ).format(WIDTH, title, title, drawn)


def scatter(
    points: Sequence[tuple[float, float, str]], lines: Sequence[tuple[float, str]]
) -> Markup:
    """Return points (x from 0 to 1, y in hours on a logarithmic scale, label) with horizontal lines (hours, name)."""
    width, height, margin = 640, 220, 60
    ys = [y for _, y, _ in points] + [y for y, _ in lines]
    low, high = log10(max(min(ys, default=1), 0.1)), log10(max(max(ys, default=10), 1))
    span = (high - low) or 1

    def place(value: float) -> float:
        return height - 20 - (log10(max(value, 0.1)) - low) / span * (height - 40)

    drawn = Markup("")
    for value, name in lines:
        y = f"{place(value):.1f}"
        drawn += Markup(
            '<line class="{0}" x1="{2}" x2="{3}" y1="{1}" y2="{1}"/><text class="label" x="0" y="{1}">{0}</text>'
        ).format(name, y, margin, width)
    for x, value, label in points:
        drawn += Markup('<circle cx="{}" cy="{}" r="3"><title>{}</title></circle>').format(
            f"{margin + x * (width - margin - 4):.1f}", f"{place(value):.1f}", label
        )
    return Markup(
        '<svg class="scatter" viewBox="0 0 {} {}" role="img" aria-label="Hours to resolution of each issue">{}</svg>'
    ).format(width, height, drawn)
