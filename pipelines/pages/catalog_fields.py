"""How the catalog's files and columns are named and entered on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines import address_variables
from pipelines.catalog import Finding
from pipelines.catalog.health_targets import MEASURES
from pipelines.catalog.recipient_values import (
    CHANNELS,
    DIGESTS,
    RULES,
    UNASSIGNED,
    UNOWNED,
)
from pipelines.catalog.tables import (
    HEALTH_TARGETS,
    ISSUE_RULES,
    PRODUCTS,
    PROJECT_PRODUCTS,
    RECIPIENTS,
    SLA_TARGETS,
    Table,
)
from pipelines.catalog.values import ISSUE_FIELDS, ISSUE_PRIORITIES, PRIORITIES
from pipelines.pages.respond import NotThereError


@dataclass(frozen=True)
class Field:
    """How one cell is entered.

    `kind`: text, long, choice (one of `options`, value to label), product (an id out of the tree), or the name of a
    list of what is known, of which something else may be written too: teams, organizations, projects.
    `blank`: what a blank cell comes to, in a table.
    """

    title: str
    hint: str = ""
    kind: str = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    blank: str = ""


@dataclass(frozen=True)
class Sheet:
    """One file as people see it: `row` is what a row is called, `key` the columns that tell its rows apart.

    `is_ordered`: the order of its rows means something.
    """

    table: Table
    title: str
    about: str
    row: str
    key: tuple[str, ...]
    fields: Mapping[str, Field]
    is_ordered: bool = False

    @property
    def name(self) -> str:
        """The name in addresses."""
        return self.table.file.removesuffix(".csv")


def _priorities(blank: str) -> dict[str, str]:
    return {"": blank} | {name: name for name in PRIORITIES}


SHEETS = {
    sheet.name: sheet
    for sheet in (
        Sheet(
            PRODUCTS,
            "Products",
            "What there is, below what, and who answers for it.",
            "product",
            ("product_id",),
            {
                "name": Field("Name", "What people read."),
                "product_id": Field(
                    "Id",
                    "Lasting, of a-z, 0-9, hyphen, underscore and dot. Another id is another product.",
                ),
                "parent_id": Field(
                    "Part of", "The product above it.", "product", {"": "nothing: at the top"}
                ),
                "description": Field("Description", "", "long"),
                "owner_team": Field(
                    "Owner",
                    "The team. Blank: that of the product above.",
                    "teams",
                    blank="inherited",
                ),
                "priority": Field(
                    "Priority",
                    "Sets the SLA target.",
                    "choice",
                    _priorities("that of the product above"),
                    "inherited",
                ),
                "is_active": Field(
                    "Active",
                    "An inactive product takes all below it out of the totals above.",
                    "choice",
                    {"true": "yes", "false": "no"},
                    "yes",
                ),
            },
        ),
        Sheet(
            PROJECT_PRODUCTS,
            "Projects",
            "Which product each Sentry project counts for. The most specific row wins.",
            "assignment",
            ("organization", "project"),
            {
                "project": Field(
                    "Sentry project",
                    "Its slug, or a pattern: checkout-* is every project that begins so.",
                    "projects",
                ),
                "organization": Field(
                    "Organization",
                    "Blank: any that has such a project.",
                    "organizations",
                    blank="any",
                ),
                "product_id": Field("Product", "", "product", {"": "choose a product"}),
            },
        ),
        Sheet(
            ISSUE_RULES,
            "Issue rules",
            "Which single issues of a project go to another product. The last row that matches wins.",
            "rule",
            ("organization", "project", "field", "pattern"),
            {
                "project": Field(
                    "Sentry project",
                    "Its slug, or a pattern: shop-* is every project that begins so.",
                    "projects",
                ),
                "organization": Field(
                    "Organization",
                    "Blank: any that has such a project.",
                    "organizations",
                    blank="any",
                ),
                "field": Field(
                    "Where to look",
                    "",
                    "choice",
                    {"": "choose a field of the issue"} | {name: name for name in ISSUE_FIELDS},
                ),
                "pattern": Field(
                    "What to look for",
                    "The whole text in any case; * is any run of characters, ? one: *timeout*",
                ),
                "product_id": Field("Goes to", "", "product", {"": "choose a product"}),
            },
            is_ordered=True,
        ),
        Sheet(
            SLA_TARGETS,
            "SLA targets",
            "In how many hours an issue is to be resolved.",
            "target",
            ("priority", "issue_priority"),
            {
                "priority": Field(
                    "Priority of the product", "", "choice", _priorities("choose a priority")
                ),
                "issue_priority": Field(
                    "Priority of the issue",
                    "As Sentry gives it; fatal counts as high. A row that names it wins over any.",
                    "choice",
                    {"": "any"} | {name: name for name in ISSUE_PRIORITIES},
                    "any",
                ),
                "resolve_within_hours": Field("Hours to resolve in"),
            },
        ),
        Sheet(
            HEALTH_TARGETS,
            "Health targets",
            "From what value on a product is at risk or critical. What no row names is built in.",
            "target",
            ("priority", "measure"),
            {
                "measure": Field(
                    "Measure",
                    "",
                    "choice",
                    {"": "choose a measure"} | {name: name.replace("_", " ") for name in MEASURES},
                ),
                "priority": Field(
                    "Priority of the product", "", "choice", _priorities("any"), "any"
                ),
                "at_risk": Field("At risk from", "Blank: never.", blank="never"),
                "critical": Field("Critical from", "Blank: never.", blank="never"),
            },
        ),
        Sheet(
            RECIPIENTS,
            "Recipients",
            "Who is told what, and where: one row for each team and address.",
            "recipient",
            ("team", "channel", "address"),
            {
                "team": Field(
                    "Team",
                    f"An owner of products; {UNOWNED}: products without one; {UNASSIGNED}: projects without a "
                    "product. Blank: every team.",
                    "teams",
                    {name: name for name in (UNOWNED, UNASSIGNED)},
                    "every team",
                ),
                "channel": Field(
                    "Channel",
                    "",
                    "choice",
                    {"": "choose a channel"} | {name: name for name in CHANNELS},
                ),
                "address": Field(
                    "Address",
                    "Of a mailbox, a chat (Apprise) or a webhook, or the key of a project in Jira. One with a token in "
                    f"it belongs into the environment: env:{address_variables.PREFIX}_NAME names the variable.",
                ),
                "rules": Field(
                    "Rules",
                    f"Some of {', '.join(RULES)}, with blanks in between; none: no alerts. Blank: all that concern "
                    "the team.",
                    blank="all of the team",
                ),
                "min_priority": Field(
                    "Least priority",
                    "Of the product.",
                    "choice",
                    _priorities("any"),
                    "any",
                ),
                "digest": Field(
                    "Digest",
                    "Always: also when there is nothing to say.",
                    "choice",
                    {"": "none"} | {name: name for name in DIGESTS},
                    "none",
                ),
                "quiet_hours": Field(
                    "Quiet hours",
                    "22:00-07:00: what is due then comes afterwards; 22:00-07:00 except critical: what is about "
                    "critical products comes at once.",
                    blank="none",
                ),
                "timezone": Field(
                    "Time zone",
                    "Of the quiet hours and the digest, as Europe/Berlin.",
                    blank="UTC",
                ),
            },
        ),
    )
}


@dataclass(frozen=True)
class Place:
    """A finding of the check, and the sheet that it is about; None: the folder."""

    found: Finding
    sheet: Sheet | None


def located(findings: Iterable[Finding]) -> list[Place]:
    """Return each finding with its sheet."""
    sheets = {sheet.table.file: sheet for sheet in SHEETS.values()}
    return [Place(found, sheets.get(Path(found.file).name)) for found in findings]


def sheet_of(name: str) -> Sheet:
    """Return the sheet of an address; NotThereError if there is none."""
    try:
        return SHEETS[name]
    except KeyError:
        raise NotThereError(
            f"The catalog has no table {name!r}; it has {', '.join(SHEETS)}."
        ) from None
