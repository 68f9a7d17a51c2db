"""The check of the whole catalog: every mistake in one pass, each explained where it stands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.catalog import spreadsheet, tables
from pipelines.catalog.finding import Finding
from pipelines.catalog.health_targets import check_health_targets, with_defaults
from pipelines.catalog.issue_rule_check import RuleKey, check_issue_rules
from pipelines.catalog.mapping_check import check_mapping
from pipelines.catalog.product_check import ProductNames, check_products
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.reading import read
from pipelines.catalog.recipient_check import check_recipients
from pipelines.catalog.tables import (
    HealthTarget,
    IssueRule,
    Product,
    ProjectProduct,
    Recipient,
    SlaTarget,
)
from pipelines.catalog.target_check import check_targets


@dataclass(frozen=True)
class Catalog:
    """The normalized rows of the files, in which no error was found; health targets with the built-in ones."""

    products: tuple[Product, ...]
    project_products: tuple[ProjectProduct, ...]
    issue_rules: tuple[IssueRule, ...]
    sla_targets: tuple[SlaTarget, ...]
    health_targets: tuple[HealthTarget, ...]
    recipients: tuple[Recipient, ...] = ()


@dataclass(frozen=True)
class Checked:
    """Every finding, by file and line, and the catalog, which is None if any of them is an error."""

    findings: tuple[Finding, ...]
    catalog: Catalog | None

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that stop a run."""
        return tuple(found for found in self.findings if found.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Return the findings that do not."""
        return tuple(found for found in self.findings if found.severity == "warning")


def check(
    seeds_dir: Path,
    projects: Iterable[SentryProject] = (),
    unrouted: Collection[RuleKey] = (),
    fits_nothing: Callable[[IssueRule], bool] = lambda rule: False,
) -> Checked:
    """Read and check the files of the folder; no input makes this raise.

    Without `projects`, those of Sentry, nothing is found about mapping rows that fit no project, projects that
    were renamed, or different globs that tie on a project. `unrouted` are the issue rules that routed no issue when
    the models were last built; `fits_nothing` says of a newer one that no issue fits it yet.
    """
    if problem := spreadsheet.folder_problem(seeds_dir):
        return Checked((Finding(str(seeds_dir), None, "error", problem),), None)
    products, mapping, rules, targets, health, recipients = (
        read(seeds_dir, table) for table in tables.TABLES
    )
    names = ProductNames(products)
    check_products(products, names)
    known = tuple(projects)
    check_mapping(mapping, names, known)
    check_issue_rules(rules, names, known, unrouted, fits_nothing)
    check_targets(targets)
    check_health_targets(health)
    check_recipients(recipients, products)
    readings = (products, mapping, rules, targets, health, recipients)
    findings = tuple(
        found
        for reading in readings
        for found in sorted(reading.findings, key=lambda found: found.line or 0)
    )
    if any(found.severity == "error" for found in findings):
        return Checked(findings, None)
    return Checked(
        findings,
        Catalog(
            tuple(products.rows),
            tuple(mapping.rows),
            tuple(rules.rows),
            tuple(targets.rows),
            with_defaults(health.rows),
            tuple(recipients.rows),
        ),
    )
