"""What can be wrong between project_products.csv, the products, and Sentry's projects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import quoted
from pipelines.catalog.mapping import Survey, is_glob, literal_characters, survey
from pipelines.catalog.product_check import ProductNames
from pipelines.catalog.projects import SentryProject
from pipelines.catalog.reading import Reading
from pipelines.catalog.tables import ProjectProduct


def check_mapping(reading: Reading, names: ProductNames, projects: Sequence[SentryProject]) -> None:
    """Add: unknown products, double rows, ties, and rows that fit no project."""
    if not reading.columns:
        return
    if not reading.rows and not reading.findings:
        reading.add(None, "has no rows, so that no project belongs to a product", "warning")
    check_products_known(reading, names)
    rows = _first_of_each(reading)
    if projects:
        _compare(reading, rows, projects)


def check_products_known(reading: Reading, names: ProductNames) -> None:
    """Add: products that are not in products.csv."""
    for row in reading.rows:
        if row.product_id and names.ids and row.product_id not in names.ids:
            advice = names.hint(row.product_id) or "; add it there, or write another product's id"
            unknown = f"product_id {quoted(row.product_id)} is not in products.csv"
            reading.add(row.line, f"{unknown}{advice}", column="product_id")


def _first_of_each(reading: Reading) -> list[ProjectProduct]:
    first: dict[tuple[str | None, str], ProjectProduct] = {}
    for row in reading.rows:
        if not row.project:
            continue
        other = first.setdefault((row.organization, row.project), row)
        if other is row:
            continue
        if other.product_id == row.product_id:
            message = (
                f"{_named(row)} is mapped in line {other.line} already; remove one of the rows"
            )
        else:
            message = (
                f"{_named(row)} is mapped to {quoted(row.product_id)} here and to "
                f"{quoted(other.product_id)} in line {other.line}; a project has one product, "
                "remove one of the rows"
            )
        reading.add(row.line, message, column="project")
    return list(first.values())


def _named(row: ProjectProduct) -> str:
    kind = "glob" if is_glob(row.project) else "project"
    if row.organization is None:
        return f"{kind} {quoted(row.project)} of any organization"
    return f"{kind} {quoted(row.project)} of organization {quoted(row.organization)}"


def _compare(
    reading: Reading, rows: list[ProjectProduct], projects: Sequence[SentryProject]
) -> None:
    found = survey(rows, projects)
    for first, second, project in found.ties.values():
        reading.add(second.line, _tie(first, second, project), column="project")
    fits_no_project(reading, rows, found, projects)


def fits_no_project(
    reading: Reading,
    rows: list[ProjectProduct],
    found: Survey,
    projects: Sequence[SentryProject],
) -> None:
    """Add a warning for each row that fits no project by its slug of today."""
    live = _LiveProjects(projects)
    for row in rows:
        if row.line in found.fitting:
            continue
        if row.line in found.former:
            message = _renamed(row, *found.former[row.line])
        elif row.line in found.deleted:
            message = (
                f"{_named(row)} fits only {quoted(str(found.deleted[row.line]))}, which Sentry no "
                "longer has; keep the row for its history, or remove it"
            )
        else:
            message = live.no_match(row)
        reading.add(row.line, message, "warning", "project")


def _tie(first: ProjectProduct, second: ProjectProduct, project: SentryProject) -> str:
    example = f"{project.organization},{project.slug},{second.product_id}"
    return (
        f"{_named(second)} ({quoted(second.product_id)}) ties with {quoted(first.project)} "
        f"({quoted(first.product_id)}) in line {first.line}: both fit {quoted(str(project))} with "
        f"{literal_characters(second.project)} literal characters; add a row for that project, "
        f"such as {quoted(example)}, or make one glob longer"
    )


def _renamed(row: ProjectProduct, project: SentryProject, decides: bool) -> str:
    if not decides:
        return (
            f"{_named(row)} fits only a former slug of {quoted(str(project))}, "
            "which another row maps; remove this one"
        )
    if is_glob(row.project):
        return (
            f"{_named(row)} fits only a former slug of {quoted(str(project))}, which was renamed "
            "in Sentry; write a glob for the new slug"
        )
    return (
        f"{_named(row)} was renamed in Sentry and keeps its product for now; "
        f"write {quoted(project.slug)}"
    )


class _LiveProjects:
    """The live projects by organization (None: all of them), to name what a row may have meant."""

    def __init__(self, projects: Sequence[SentryProject]) -> None:
        self._slugs: defaultdict[str | None, set[str]] = defaultdict(set)
        for project in projects:
            if not project.is_deleted:
                self._slugs[project.organization].add(project.slug)
                self._slugs[None].add(project.slug)
        self._home = {
            project.slug: project.organization
            for project in sorted(projects, key=str, reverse=True)
            if not project.is_deleted
        }
        self._closest = {name: Closest(slugs) for name, slugs in self._slugs.items()}
        self._organizations = {project.organization for project in projects}
        self._closest_organization = Closest(self._organizations)

    def no_match(self, row: ProjectProduct) -> str:
        """Return the message for a row that fits no project."""
        if row.organization is not None and row.organization not in self._organizations:
            hint = self._closest_organization.hint(row.organization)
            return f"organization {quoted(row.organization)} was not read from Sentry{hint}"
        return f"{_named(row)} fits no project of Sentry{self._meant(row)}"

    def _meant(self, row: ProjectProduct) -> str:
        if is_glob(row.project):
            return ""
        if row.project in self._home:
            return f", but organization {quoted(self._home[row.project])} has such a project"
        closest = self._closest.get(row.organization)
        return closest.hint(row.project) if closest else ""
