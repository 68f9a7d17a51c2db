"""What can be wrong between the rows of sla_targets.csv."""

from __future__ import annotations

from itertools import pairwise

from pipelines.catalog.finding import quoted
from pipelines.catalog.reading import Reading
from pipelines.catalog.tables import SlaTarget
from pipelines.catalog.values import ISSUE_PRIORITIES

Cell = tuple[str, str | None]


def check_targets(reading: Reading) -> None:
    """Add: cells that have two targets, and issues that have more time than less urgent ones."""
    first: dict[Cell, SlaTarget] = {}
    for target in reading.rows:
        other = first.setdefault((target.priority, target.issue_priority), target)
        if target.priority and other is not target:
            reading.add(
                target.line,
                f"priority {quoted(target.priority)} has a target{_for(target)} in line "
                f"{other.line} already; remove one of the rows",
                column="priority",
            )
    for priority in dict.fromkeys(target.priority for target in reading.rows):
        by_urgency = [first.get((priority, each)) for each in ISSUE_PRIORITIES]
        for more, less in pairwise(target for target in by_urgency if target):
            if more.resolve_within_hours > less.resolve_within_hours > 0:
                reading.add(
                    more.line,
                    f"priority {quoted(priority)} gives its {more.issue_priority} issues "
                    f"{more.resolve_within_hours:g} hours, more than the "
                    f"{less.resolve_within_hours:g} of its {less.issue_priority} ones (line "
                    f"{less.line}); are they the wrong way round?",
                    "warning",
                    "resolve_within_hours",
                )


def _for(target: SlaTarget) -> str:
    return f" for {target.issue_priority} issues" if target.issue_priority else ""
