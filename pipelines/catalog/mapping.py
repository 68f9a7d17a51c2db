"""Which mapping rows fit a project, and which decide: enough to find ties and rows without effect.

What a project's product *is*, the dbt models decide; here the same precedence only shows whether
there is one answer. The first of these that fits decides: the current slug exactly; a former slug exactly,
newest first; a glob on the current slug; a glob on a former one. Among those, a row that names the
organization comes before one that does not, and then the glob with more literal characters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.catalog.projects import SentryProject
from pipelines.catalog.tables import ProjectProduct

Rows = list[ProjectProduct]
Key = tuple[str | None, str]


def is_glob(project: str) -> bool:
    """Return whether the project of a mapping row is a glob."""
    return "*" in project or "?" in project


def literal_characters(project: str) -> int:
    """Return the number of characters that are not wildcards."""
    return len(project) - project.count("*") - project.count("?")


class _Glob:
    """A glob row; one star needs no regular expression, of which 10,000 cost half a second."""

    def __init__(self, row: ProjectProduct) -> None:
        self.row = row
        self._start, star, self._end = row.project.partition("*")
        self._is_simple = bool(star) and not is_glob(self._start + self._end)

    def fits(self, slug: str) -> bool:
        if self._is_simple:
            long_enough = len(slug) >= len(self._start) + len(self._end)
            return long_enough and slug.startswith(self._start) and slug.endswith(self._end)
        return self._regular.fullmatch(slug) is not None

    @cached_property
    def _regular(self) -> re.Pattern[str]:
        wild = re.escape(self.row.project).replace(r"\*", ".*").replace(r"\?", ".")
        return re.compile(wild, re.DOTALL)


class Matcher:
    """The mapping rows, indexed so that a project meets only rows that can fit it.

    Exact rows are found by slug. Globs are found by their literal beginning or, if they begin with
    a wildcard, by their literal end; only those with wildcards at both ends meet every project.
    """

    def __init__(self, rows: Iterable[ProjectProduct]) -> None:
        self._exact: dict[Key, Rows] = {}
        self._by_start: dict[Key, list[_Glob]] = {}
        self._by_end: dict[Key, list[_Glob]] = {}
        for row in rows:
            if not is_glob(row.project):
                self._exact.setdefault((row.organization, row.project), []).append(row)
                continue
            start, *_, end = re.split(r"[*?]+", row.project)
            index, literal = (self._by_start, start) if start else (self._by_end, end)
            index.setdefault((row.organization, literal), []).append(_Glob(row))
        self._start_lengths = _lengths(self._by_start)
        self._end_lengths = _lengths(self._by_end)

    def exact(self, organization: str, slug: str) -> Rows:
        """Return the rows that name this slug."""
        return [*self._exact.get((organization, slug), ()), *self._exact.get((None, slug), ())]

    def globs(self, organization: str, slug: str) -> Rows:
        """Return the glob rows that fit this slug."""
        return [glob.row for glob in self._near(organization, slug) if glob.fits(slug)]

    def _near(self, organization: str, slug: str) -> Iterator[_Glob]:
        for name in (organization, None):
            for length in self._start_lengths.get(name, ()):
                if length <= len(slug):
                    yield from self._by_start.get((name, slug[:length]), ())
            for length in self._end_lengths.get(name, ()):
                if length <= len(slug):
                    yield from self._by_end.get((name, slug[len(slug) - length :]), ())

    def steps(self, project: SentryProject) -> list[tuple[bool, Rows]]:
        """Return the rows that fit at each step of the precedence, and if only by a former slug."""
        slugs = (project.slug, *project.former_slugs)
        return [
            (slug != project.slug, find(project.organization, slug))
            for find in (self.exact, self.globs)
            for slug in slugs
        ]

    def deciding(self, project: SentryProject) -> Rows:
        """Return the rows that decide the project's product: none, one, or several that tie."""
        return _deciding(self.steps(project))


def _lengths(index: dict[Key, list[_Glob]]) -> dict[str | None, list[int]]:
    lengths: defaultdict[str | None, set[int]] = defaultdict(set)
    for organization, literal in index:
        lengths[organization].add(len(literal))
    return {organization: sorted(found) for organization, found in lengths.items()}


def _deciding(steps: list[tuple[bool, Rows]]) -> Rows:
    rows = next((rows for _, rows in steps if rows), [])
    if len(rows) < 2:
        return rows
    best = max(map(_precedence, rows))
    return [row for row in rows if _precedence(row) == best]


def _precedence(row: ProjectProduct) -> tuple[bool, int]:
    return row.organization is not None, literal_characters(row.project)


@dataclass
class Survey:
    """How the rows meet the projects. Lines are those of the mapping file.

    `fitting` rows fit a live project by its current slug; `former` ones some project by a former
    slug, `deleted` ones a deleted project. A tie is two rows with different products that both
    decide one project.
    """

    fitting: set[int] = field(default_factory=set)
    former: dict[int, tuple[SentryProject, bool]] = field(default_factory=dict)
    deleted: dict[int, SentryProject] = field(default_factory=dict)
    ties: dict[tuple[int, int], tuple[ProjectProduct, ProjectProduct, SentryProject]] = field(
        default_factory=dict
    )


def survey(rows: Iterable[ProjectProduct], projects: Iterable[SentryProject]) -> Survey:
    """Compare the rows with every project."""
    matcher, found = Matcher(rows), Survey()
    for project in projects:
        steps = matcher.steps(project)
        deciding = _deciding(steps)
        for is_former, fitting in steps:
            for row in fitting:
                if not is_former and not project.is_deleted:
                    found.fitting.add(row.line)
                elif not is_former:
                    found.deleted[row.line] = project
                elif row in deciding or row.line not in found.former:
                    found.former[row.line] = project, row in deciding
        if len(deciding) > 1:
            _note_ties(found, project, deciding)
    return found


def _note_ties(found: Survey, project: SentryProject, deciding: Rows) -> None:
    first, *others = sorted(deciding, key=lambda row: row.line)
    for other in others:
        if other.product_id != first.product_id:
            found.ties.setdefault((first.line, other.line), (first, other, project))
