"""The contract of the files: their columns, in order, and the row that a line becomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipelines.catalog import recipient_values, values
from pipelines.catalog.recipient_values import Digest, QuietHours
from pipelines.catalog.values import Parsed


@dataclass(frozen=True)
class Column:
    """One column: what its cells become, what a blank means, and why it may not be blank.

    A heading may leave out one that is `optional`: all its cells are then blank.
    """

    name: str
    normalize: Callable[[str], str]
    parse: Callable[[str], Parsed]
    blank: Any = None
    required: str | None = None
    many_lines: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """One row of products.csv."""

    product_id: str
    name: str
    parent_id: str | None
    description: str | None
    owner_team: str | None
    priority: str | None
    is_active: bool
    line: int


@dataclass(frozen=True, slots=True)
class ProjectProduct:
    """One row of project_products.csv; `project` is a slug or a glob, no organization means any."""

    organization: str | None
    project: str
    product_id: str
    line: int


@dataclass(frozen=True, slots=True)
class IssueRule:
    """One row of issue_rules.csv: where issues go of which `field` fits the glob; the last row that fits wins."""

    organization: str | None
    project: str
    field: str
    pattern: str
    product_id: str
    line: int


@dataclass(frozen=True, slots=True)
class SlaTarget:
    """One row of sla_targets.csv: hours from opening to resolution; no `issue_priority` means any."""

    priority: str
    issue_priority: str | None
    resolve_within_hours: float
    line: int


@dataclass(frozen=True, slots=True)
class HealthTarget:
    """One row of health_targets.csv: from what value on; no target means never, no priority any."""

    priority: str | None
    measure: str
    at_risk: float | None
    critical: float | None
    line: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row of recipients.csv: no team means every team, no rules all that concern it."""

    team: str | None
    channel: str
    address: str
    rules: tuple[str, ...] | None
    min_priority: str | None
    digest: Digest | None
    quiet_hours: QuietHours | None
    timezone: str
    line: int


@dataclass(frozen=True)
class Table:
    """One file: its name, the row that a line becomes, its columns as the row's fields; one may be missing."""

    file: str
    row: Callable[..., Any]
    columns: tuple[Column, ...]
    optional: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """Return the names of the columns that a heading must have."""
        return tuple(column.name for column in self.columns if not column.optional)


PRODUCTS = Table(
    "products.csv",
    Product,
    (
        Column("product_id", values.lower, values.parse_identifier, "", "give the product an id"),
        Column("name", values.one_line, values.parse_text, "", "give the product a name"),
        Column("parent_id", values.lower, values.parse_reference),
        Column("description", values.paragraphs, values.parse_text, many_lines=True),
        Column("owner_team", values.one_line, values.parse_team),
        Column("priority", values.lower, values.parse_priority),
        Column("is_active", values.lower, values.parse_boolean, blank=True),
    ),
)
PROJECT_PRODUCTS = Table(
    "project_products.csv",
    ProjectProduct,
    (
        Column("organization", values.lower, values.parse_organization),
        Column(
            "project", values.pattern, values.parse_pattern, "", "write a project's slug or glob"
        ),
        Column(
            "product_id", values.lower, values.parse_reference, "", "write the project's product"
        ),
    ),
)
ISSUE_RULES = Table(
    "issue_rules.csv",
    IssueRule,
    (
        Column("organization", values.lower, values.parse_organization),
        Column(
            "project", values.pattern, values.parse_pattern, "", "write a project's slug or glob"
        ),
        Column(
            "field",
            values.lower,
            values.parse_issue_field,
            "",
            f"write one of {', '.join(values.ISSUE_FIELDS)}",
        ),
        Column(
            "pattern",
            values.text_pattern,
            values.parse_text,
            "",
            "write a text or glob to look for",
        ),
        Column(
            "product_id", values.lower, values.parse_reference, "", "write the product to route to"
        ),
    ),
    optional=True,
)
SLA_TARGETS = Table(
    "sla_targets.csv",
    SlaTarget,
    (
        Column(
            "priority",
            values.lower,
            values.parse_priority,
            "",
            "write one of critical, high, medium, low",
        ),
        Column("issue_priority", values.lower, values.parse_issue_priority, optional=True),
        Column(
            "resolve_within_hours",
            values.lower,
            values.parse_hours,
            blank=0.0,
            required="write the hours, or remove the row if there is no target",
        ),
    ),
)
HEALTH_TARGETS = Table(
    "health_targets.csv",
    HealthTarget,
    (
        Column("priority", values.lower, values.parse_priority),
        Column("measure", values.lower, values.parse_text, "", "write the measure's name"),
        Column("at_risk", values.lower, values.parse_number),
        Column("critical", values.lower, values.parse_number),
    ),
    optional=True,
)
RECIPIENTS = Table(
    "recipients.csv",
    Recipient,
    (
        Column("team", values.one_line, recipient_values.parse_recipient_team),
        Column(
            "channel",
            values.lower,
            recipient_values.parse_channel,
            "",
            f"write one of {', '.join(recipient_values.CHANNELS)}",
        ),
        Column(
            "address",
            values.one_line,
            recipient_values.parse_address,
            "",
            "write where to, or env: and the variable that says so",
        ),
        Column("rules", values.lower, recipient_values.parse_rules, optional=True),
        Column("min_priority", values.lower, values.parse_priority, optional=True),
        Column("digest", values.lower, recipient_values.parse_digest, optional=True),
        Column("quiet_hours", values.lower, recipient_values.parse_quiet_hours, optional=True),
        Column(
            "timezone",
            values.one_line,
            recipient_values.parse_timezone,
            blank="UTC",
            optional=True,
        ),
    ),
    optional=True,
)
TABLES = (PRODUCTS, PROJECT_PRODUCTS, ISSUE_RULES, SLA_TARGETS, HEALTH_TARGETS, RECIPIENTS)
