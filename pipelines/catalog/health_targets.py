"""From what value on a measure makes a product at risk or critical: the measures, the built-in targets, the check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import quoted
from pipelines.catalog.reading import Reading
from pipelines.catalog.tables import HealthTarget


@dataclass(frozen=True)
class Measure:
    """A measure, its built-in targets (None: never), what a target may be, and whether it gets worse as it falls."""

    at_risk: float | None
    critical: float | None
    above: float = 0
    at_most: float = 1_000_000
    unit: str = "a number of issues"
    worse_as_it_falls: bool = False


MEASURES = {
    "late_high_issues": Measure(1, 2),
    "late_ratio": Measure(0.25, None, at_most=1, unit="a share of the open issues"),
    "at_risk_high_issues": Measure(1, None),
    "events_growth": Measure(
        2, 5, above=1, unit="how many times as many events, where 1 is as many"
    ),
    "crash_free_sessions": Measure(
        0.995,
        0.98,
        at_most=1,
        unit="a share of the sessions",
        worse_as_it_falls=True,
    ),
}


def with_defaults(rows: Iterable[HealthTarget]) -> tuple[HealthTarget, ...]:
    """Return the rows, and the built-in ones (line 0) of the measures that no row names for any priority."""
    rows = tuple(rows)
    named = {row.measure for row in rows if row.priority is None}
    defaults = (
        HealthTarget(None, name, measure.at_risk, measure.critical, 0)
        for name, measure in MEASURES.items()
        if name not in named
    )
    return (*rows, *defaults)


def check_health_targets(reading: Reading) -> None:
    """Add: unknown measures, two rows for one, targets out of range or in the wrong order."""
    closest = Closest(MEASURES)
    first: dict[tuple[str | None, str], HealthTarget] = {}
    for target in reading.rows:
        measure = MEASURES.get(target.measure)
        if measure is None:
            if target.measure:
                known = ", ".join(MEASURES)
                reading.add(
                    target.line,
                    f"measure {quoted(target.measure)} is not known; write one of {known}"
                    f"{closest.hint(target.measure)}",
                    column="measure",
                )
            continue
        other = first.setdefault((target.priority, target.measure), target)
        if other is not target:
            whose = f"priority {quoted(target.priority)}" if target.priority else "any priority"
            reading.add(
                target.line,
                f"{target.measure} has targets for {whose} in line {other.line} already; "
                "remove one of the rows",
                column="measure",
            )
        _check_numbers(reading, target, measure)


def _check_numbers(reading: Reading, target: HealthTarget, measure: Measure) -> None:
    for column, value in (("at_risk", target.at_risk), ("critical", target.critical)):
        if value is not None and not measure.above < value <= measure.at_most:
            reading.add(
                target.line,
                f"{column} {value:g} cannot be: {target.measure} is {measure.unit}; "
                f"write a number above {measure.above:g} and at most {measure.at_most:,.0f}",
                column=column,
            )
    at_risk, critical = target.at_risk, target.critical
    if at_risk is None or critical is None:
        return
    if measure.worse_as_it_falls and at_risk < critical:
        moves, first = "falls", "larger"
    elif not measure.worse_as_it_falls and at_risk > critical:
        moves, first = "rises", "smaller"
    else:
        return
    reading.add(
        target.line,
        f"at_risk {at_risk:g} is beyond critical {critical:g}, but "
        f"{target.measure} gets worse as it {moves}; write the {first} number in at_risk",
        column="at_risk",
    )
