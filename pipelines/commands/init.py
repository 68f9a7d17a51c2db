"""`make init`: a first product catalog, drafted from one's own Sentry."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from pipelines.catalog.drafting import (
    Draft,
    DraftProduct,
    ListedOrganization,
    ListedProject,
    draft,
)
from pipelines.catalog.finding import counted, printable
from pipelines.catalog.reading import has_rows
from pipelines.catalog.tables import ISSUE_RULES, PRODUCTS, PROJECT_PRODUCTS, SLA_TARGETS, Table
from pipelines.sentry.errors import SentryError
from pipelines.sentry.http.client import SentryApi
from pipelines.sentry.http.session import SentrySession
from pipelines.sentry.organization import Organization
from pipelines.sentry.read.directory import read_directory
from pipelines.sentry.state.stored import open_stored_state
from pipelines.settings import Settings

DRAFTED = (PRODUCTS, PROJECT_PRODUCTS)
TARGETS = [
    ("critical", "high", 24),
    ("critical", None, 48),
    ("critical", "low", 168),
    ("high", "high", 48),
    ("high", None, 120),
    ("high", "low", 336),
    ("medium", "high", 72),
    ("medium", None, 168),
    ("medium", "low", 720),
    ("low", "high", 168),
    ("low", None, 336),
    ("low", "low", 1440),
]
MOST_PROJECTS_SHOWN = 4
WIDE = 1000  # where no terminal breaks lines
Rows = Sequence[Sequence[object]]


def init(settings: Settings) -> int:
    """Draft the catalog from the teams and projects in Sentry; write it only where no rows are yet."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    try:
        organizations = _read(settings)
    except SentryError as error:
        console.print(str(error), markup=False)
        return 1
    listed = [_listed(each) for each in organizations if each.failure is None]
    for each in organizations:
        if each.failure:
            console.print(f"{each.slug} is not in the draft: {each.failure}", markup=False)
    if not listed:
        return 1
    drafted = draft(listed)
    _show(console, drafted)
    return _write(console, settings.seeds, drafted)


def _read(settings: Settings) -> list[Organization]:
    session = SentrySession(settings.token, settings.sentry_concurrency)
    api = SentryApi(settings.server_url, session)
    with session.retrying(attempts=2), open_stored_state(None) as nothing:
        return read_directory(api, settings.organizations, nothing).organizations


def _listed(organization: Organization) -> ListedOrganization:
    teams = {key: row["team_slug"] for key, row in organization.teams.items()}
    of_project: dict[str, set[str]] = {}
    for project_id, team_id in organization.project_teams:
        if team_id in teams:
            of_project.setdefault(project_id, set()).add(teams[team_id])
    return ListedOrganization(
        organization.slug,
        organization.row.get("organization_name") or "",
        {row["team_slug"]: row["team_name"] for row in organization.teams.values()},
        [
            ListedProject(
                row["project_slug"],
                row["project_name"] or "",
                frozenset(of_project.get(project_id, ())),
            )
            for project_id, row in organization.projects.items()
        ],
    )


def _show(console: Console, drafted: Draft) -> None:
    """Print the tree, and what each product was guessed from."""
    branches: dict[str | None, Tree] = {}
    for product in drafted.products:
        label = _label(product)
        if product.parent_id is None:
            branches[product.product_id] = Tree(label)
        else:
            branches[product.parent_id].add(label)
    for tree in branches.values():
        console.print(tree)
    projects = sum(len(product.projects) for product in drafted.products)
    console.print(
        f"A draft of {counted(len(drafted.products), 'product')} "
        f"for {counted(projects, 'project')}, guessed from Sentry."
    )
    if drafted.left_out:
        console.print(
            f"Not in it, since a row cannot name them: {printable(', '.join(drafted.left_out))}",
            markup=False,
        )


def _label(product: DraftProduct) -> Text:
    label = Text(printable(product.name), "bold")
    label.append(f" ({product.product_id})", "not bold")
    if product.projects:
        slugs = [project.slug for project in product.projects]
        more = len(slugs) - MOST_PROJECTS_SHOWN
        shown = ", ".join(slugs[:MOST_PROJECTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        label.append(f": {shown}", "not bold")
    owner = f"; owner {product.owner_team}" if product.owner_team else ""
    label.append(f"  [from {printable(product.guessed_from)}{owner}]", "not bold dim")
    return label


def _write(console: Console, seeds: Path, drafted: Draft) -> int:
    """Write the files if none of the two that are drafted holds rows; print them otherwise."""
    full = [str(seeds / table.file) for table in DRAFTED if has_rows(seeds, table)]
    if full:
        for table, rows in _rows(drafted).items():
            console.print(f"\n{table.file}:\n{as_csv(table, rows)}", markup=False, soft_wrap=True)
        console.print(
            f"Nothing was written: {' and '.join(full)} {'hold' if len(full) > 1 else 'holds'} rows. "
            "Set SEEDS_DIR to a new folder and run this again, or paste from above.",
            soft_wrap=True,
        )
        return 0
    try:
        names = ", ".join(write_draft(seeds, drafted))
    except OSError as error:
        console.print(f"{seeds} cannot be written: {error.strerror}.", soft_wrap=True)
        return 1
    console.print(
        f"Written to {seeds}: {names}. Correct them, then: make check, make sync.", soft_wrap=True
    )
    return 0


def write_draft(seeds: Path, drafted: Draft) -> list[str]:
    """Write the files of a draft, with targets if there are none yet; returns their names. Raises OSError."""
    seeds.mkdir(parents=True, exist_ok=True)
    files = _rows(drafted)
    if not has_rows(seeds, SLA_TARGETS):
        files[SLA_TARGETS] = TARGETS
    if not has_rows(seeds, ISSUE_RULES):
        files[ISSUE_RULES] = []
    for table, rows in files.items():
        (seeds / table.file).write_text(as_csv(table, rows), encoding="utf-8", newline="")
    return [table.file for table in files]


def _rows(drafted: Draft) -> dict[Table, Rows]:
    return {
        PRODUCTS: [
            (p.product_id, p.name, p.parent_id, None, p.owner_team, None, "true")
            for p in drafted.products
        ],
        PROJECT_PRODUCTS: [
            (p.organization.lower(), pattern, p.product_id)
            for p in drafted.products
            for pattern in p.patterns
        ],
    }


def as_csv(table: Table, rows: Iterable[Sequence[object]]) -> str:
    """Return the rows as the text of a file, with its heading."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(rows)
    return text.getvalue()
