"""What can be wrong between issue_rules.csv, the products, and Sentry's projects."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import product

from pipelines.catalog.finding import quoted
from pipelines.catalog.mapping import survey
from pipelines.catalog.mapping_check import check_products_known, fits_no_project
from pipelines.catalog.product_check import ProductNames
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.reading import Reading
from pipelines.catalog.tables import IssueRule, ProjectProduct
from pipelines.catalog.values import ISSUE_FIELDS

RuleKey = tuple[str | None, str, str, str]
"""What a rule matches: organization, project, field, pattern (as written)."""


def check_issue_rules(
    reading: Reading,
    names: ProductNames,
    projects: Sequence[SentryProject],
    unrouted: Collection[RuleKey],
    fits_nothing: Callable[[IssueRule], bool],
) -> None:
    """Add: unknown and inactive products, rows that a later one overrules, and rows that fit nothing.

    `unrouted` are those that routed no issue when the models were last built; `fits_nothing` knows of newer ones.
    """
    check_products_known(reading, names)
    for rule in reading.rows:
        if rule.product_id in names.inactive:
            reading.add(
                rule.line,
                f"product_id {quoted(rule.product_id)} is not active (products.csv), so that the issues count in no "
                "product above it; write an active product, unless that is meant",
                "warning",
                "product_id",
            )
    overruled = _overruled(reading)
    if projects:
        _compare_scopes(reading, projects)
    for rule in reading.rows:
        if rule.line in overruled:
            continue
        if _as_written(rule) in unrouted:
            reading.add(
                rule.line,
                f"{rule.field} {quoted(rule.pattern)} routed no issue in the last build: none matches, or a later "
                "row takes all that do; change the pattern, move the row down, or remove it",
                "warning",
                "pattern",
            )
        elif rule.project and rule.field in ISSUE_FIELDS and rule.pattern and fits_nothing(rule):
            reading.add(
                rule.line,
                f"{rule.field} {quoted(rule.pattern)} fits no issue of project {quoted(rule.project)} yet; change it, "
                "unless it is meant for issues to come",
                "warning",
                "pattern",
            )


def _as_written(rule: IssueRule) -> RuleKey:
    return rule.organization, rule.project, rule.field, rule.pattern


def _overruled(reading: Reading) -> set[int]:
    """Add rows that can route nothing, because a later one matches all that they do; return their lines."""
    last: dict[RuleKey, IssueRule] = {}
    overruled = set()
    for rule in reversed(reading.rows):
        key = (rule.organization, rule.project, rule.field, rule.pattern.lower())
        if all(key[1:]):
            later = next((last[each] for each in _wider(key) if each in last), None)
            if later is not None:
                overruled.add(rule.line)
                _add_overruled(reading, rule, later, is_double=key in last)
            last.setdefault(key, rule)
    return overruled


def _wider(key: RuleKey) -> Iterator[RuleKey]:
    """Yield what surely matches all that the rule does: the same, for any organization, project or value."""
    organization, project, field, pattern = key
    for each in product((organization, None), (project, "*"), (pattern, "*")):
        yield each[0], each[1], field, each[2]


def _add_overruled(reading: Reading, rule: IssueRule, later: IssueRule, *, is_double: bool) -> None:
    what = f"{rule.field} {quoted(rule.pattern)} of project {quoted(rule.project)}"
    if is_double:
        again = f"{what} is there again in line {later.line}; remove one of the rows"
        reading.add(rule.line, again, column="pattern")
        return
    reading.add(
        rule.line,
        f"{what} can route nothing: line {later.line} ({later.field} {quoted(later.pattern)} of project "
        f"{quoted(later.project)}) matches all that it does, and the last row wins; move this row below, or remove it",
        "warning",
        "pattern",
    )


def _compare_scopes(reading: Reading, projects: Sequence[SentryProject]) -> None:
    scopes: dict[tuple[str | None, str], ProjectProduct] = {}
    for rule in reading.rows:
        if rule.project:
            scope = ProjectProduct(rule.organization, rule.project, rule.product_id, rule.line)
            scopes.setdefault((rule.organization, rule.project), scope)
    rows = list(scopes.values())
    fits_no_project(reading, rows, survey(rows, projects), projects)
