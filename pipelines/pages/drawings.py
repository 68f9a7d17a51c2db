"""Pictures as inline SVG: each says in words what it shows; its numbers stand in a table beside it.

`Markup("%s") % value` escapes as `Markup.format` does, in a third of the time: a picture has hundreds of parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import log10

from markupsafe import Markup

WIDTH, HEIGHT = 120, 24
# A chart: its whole size, and the room for the words left of it and below.
CHART_WIDTH, CHART_HEIGHT, LEFT, BELOW, ABOVE = 720, 190, 56, 22, 12
_UPRIGHT = Markup('<line x1="%.1f" x2="%.1f" y1="0" y2="12"/>')
_HOURS = {1: "1 h", 24: "1 day", 168: "1 week", 720: "30 days", 8760: "1 year"}


def sparkline(values: Sequence[float | None], title: str) -> Markup:
    """Return a line of the values, oldest first, from 0 to the largest; unknown ones leave a gap."""
    known = [value for value in values if value is not None]
    if not known:
        return Markup('<span class="unknown" title="%s: not known">-</span>') % title
    top = max(known) or 1
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        None if value is None else (index * step, HEIGHT - 2 - value / top * (HEIGHT - 4))
        for index, value in enumerate(values)
    ]
    words = f"{title}: {known[0]:,.0f} at first, {top:,.0f} at most, {known[-1]:,.0f} at last"
    return _small("spark", HEIGHT, words, _lines(points, ""))


def factors(parts: Sequence[tuple[str, float]], full: float) -> Markup:
    """Return a bar of the parts of a score, each with its name and points; `full` is the length of the whole bar.

    What parts below 0 take off is faint, so that the rest is as long as the score.
    """
    named = ", ".join(f"{name} {points:g}" for name, points in parts if points)
    score = sum(points for _, points in parts)
    drawn, left, scale = Markup(""), 0.0, WIDTH / (full or 1)
    for place, (_, points) in enumerate(parts):
        width = max(points, 0) * scale
        drawn += _box(f"part-{place}", left, 0, width, 12)
        left += width
    if left > score * scale:
        drawn += _box("off", score * scale, 0, left - score * scale, 12)
    return _small("factors", 12, f"{named}: {score:.1f} of {full:g}", drawn)


def diverging(new: float | None, fixed: float | None, most: float) -> Markup:
    """Return new issues as a bar to the right of the middle and fixed ones to the left; `most` fills a half."""
    middle, scale = WIDTH / 2, WIDTH / 2 / (most or 1)
    more, less = (new or 0) * scale, (fixed or 0) * scale
    drawn = _box("fixed", middle - less, 1, less, 10) + _box("new", middle, 1, more, 10)
    drawn += _UPRIGHT % (middle, middle)
    return _small("diverging", 12, f"{fixed or 0:,.0f} fixed, {new or 0:,.0f} new", drawn)


def shares(values: Sequence[float | None], title: str) -> Markup:
    """Return a column for each share from 0 to 1, oldest first, in a frame that is full at 1."""
    step = WIDTH / max(len(values), 1)
    drawn = Markup("").join(
        _box("share", place * step + 1, HEIGHT * (1 - value), step - 2, HEIGHT * value)
        for place, value in enumerate(values)
        if value is not None
    )
    return _small("shares", HEIGHT, title, drawn)


def against_target(value: float | None, target: float | None, most: float) -> Markup:
    """Return a bar of hours with a mark at its target; `most` hours fill it."""
    if value is None:
        return Markup('<span class="unknown" title="not known">-</span>')
    scale = (WIDTH - 2) / (most or 1)
    drawn = _box("late" if target and value > target else "fixed", 0, 2, value * scale, 8)
    title = f"{value:,.0f} hours"
    if target:
        title += f", target {target:,.0f} hours"
        drawn += _UPRIGHT % (target * scale, target * scale)
    return _small("bullet", 12, title, drawn)


@dataclass(frozen=True)
class Mark:
    """A vertical line in a chart: when, and what happened."""

    at: datetime
    name: str


def by_day(
    days: Sequence[date],
    series: Sequence[tuple[str, Sequence[float | None]]],
    marks: Sequence[Mark],
    title: str,
) -> Markup:
    """Return named lines over consecutive UTC days from 0 to the largest value, with marks."""
    known = [value for _, values in series for value in values if value is not None]
    top = max([*known, 1])
    time = _Time(days[0], len(days))
    drawn = Markup("")
    for part in (0.0, 0.5, 1.0):
        drawn += _rule(_height(part), f"{top * part:,.0f}", "grid")
    drawn += time.ticks()
    for mark in marks:
        x = time.place(mark.at)
        drawn += Markup(
            '<line class="mark" x1="%.1f" x2="%.1f" y1="%d" y2="%d"><title>%s</title></line>'
        ) % (x, x, ABOVE, CHART_HEIGHT - BELOW, mark.name)
    for name, values in series:
        points = [
            None if value is None else (time.of_day(index), _height(value / top))
            for index, value in enumerate(values)
        ]
        drawn += _lines(points, name)
    return _chart("days", title, drawn)


def scatter(
    points: Sequence[tuple[datetime, float, bool, str]],
    lines: Sequence[tuple[str, float]],
    first: date,
    days: int,
    title: str,
) -> Markup:
    """Return points (when, hours, beyond its target, words) over UTC days, hours on a logarithmic scale.

    `lines`: horizontal ones, name and hours.
    """
    hours = [max(value, 0.1) for _, value, _, _ in points] + [value for _, value in lines]
    low, high = log10(min([*hours, 1])), log10(max([*hours, 24]))
    time, drawn = _Time(first, days), Markup("")

    def height(value: float) -> float:
        return _height((log10(max(value, 0.1)) - low) / (high - low))

    for step, words in _HOURS.items():
        if low <= log10(step) <= high:
            drawn += _rule(height(step), words, "grid")
    drawn += time.ticks()
    for at, value, is_late, words in points:
        drawn += Markup(
            '<circle class="%s" cx="%.1f" cy="%.1f" r="3"><title>%s</title></circle>'
        ) % ("late" if is_late else "met", time.place(at), height(value), words)
    for name, value in lines:
        drawn += Markup('<text class="name" x="%d" y="%.1f">%s</text>') % (
            CHART_WIDTH - 4,
            height(value) - 4,
            name,
        )
        drawn += _rule(height(value), "", name)
    return _chart("scatter", title, drawn)


@dataclass(frozen=True)
class _Time:
    """The horizontal axis: `days` UTC days from `first` on."""

    first: date
    days: int

    def place(self, at: datetime) -> float:
        begin = datetime(self.first.year, self.first.month, self.first.day)
        share = (at - begin) / timedelta(days=self.days)
        return LEFT + min(max(share, 0), 1) * (CHART_WIDTH - LEFT)

    def of_day(self, index: int) -> float:
        return LEFT + (index + 0.5) / self.days * (CHART_WIDTH - LEFT)

    def ticks(self) -> Markup:
        """Return every second Monday, from the first on."""
        found = Markup("")
        monday = (7 - self.first.weekday()) % 7
        for index in range(monday, self.days - 3, 14):
            words = f"{self.first + timedelta(days=index):%d %b}"
            x = self.of_day(index)
            found += Markup('<text class="day" x="%.1f" y="%d">%s</text>') % (
                x,
                CHART_HEIGHT - 6,
                words,
            )
        return found


def _height(share: float) -> float:
    return CHART_HEIGHT - BELOW - share * (CHART_HEIGHT - BELOW - ABOVE)


def _rule(y: float, words: str, kind: str) -> Markup:
    label = Markup('<text x="%d" y="%.1f">%s</text>') % (LEFT - 6, y + 4, words)
    line = Markup('<line class="%s" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>')
    return (label if words else Markup("")) + line % (kind, LEFT, CHART_WIDTH, y, y)


def _lines(points: Sequence[tuple[float, float] | None], name: str) -> Markup:
    """Return the points joined, with a gap for each unknown one; a point alone is a short dash."""
    drawn = Markup("")
    for run in _runs(points):
        ends = run if len(run) > 1 else [run[0], (run[0][0] + 1, run[0][1])]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        kind = Markup(' class="%s"') % name if name else ""
        drawn += Markup('<polyline%s points="%s"/>') % (kind, text)
    return drawn


def _runs(points: Sequence[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def _box(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>') % (
        kind,
        x,
        y,
        max(width, 0),
        max(height, 0),
    )


def _small(kind: str, height: int, title: str, drawn: Markup) -> Markup:
    """Return a picture of the size of a line of text."""
    return Markup(
        '<svg class="%s" viewBox="0 0 %d %d" role="img" preserveAspectRatio="none"><title>%s</title>%s</svg>'
    ) % (kind, WIDTH, height, title, drawn)


def _chart(kind: str, title: str, drawn: Markup) -> Markup:
    return Markup(
        '<svg class="chart %s" viewBox="0 0 %d %d" role="img" aria-label="%s">%s</svg>'
    ) % (kind, CHART_WIDTH, CHART_HEIGHT, title, drawn)
