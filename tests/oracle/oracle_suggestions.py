"""Which product a project without one may belong to, and what speaks for it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from pipelines.catalog.draft_words import GENERIC

from .oracle_facts import Oracle
from .raw_world import Row

Suggestion = tuple[str, str] | tuple[None, None]

PREFERENCE = ("word", "name", "team", "single")


class Vote(NamedTuple):
    """One thing that speaks for a product; the smallest is the reason that is given."""

    preference: int
    weakness: int
    reason: str
    product_id: str

    @property
    def kind(self) -> str:
        return PREFERENCE[self.preference]


@dataclass(frozen=True)
class Guesses:
    """What speaks for which product, of the projects that exist; `teams_of` gives team slugs by id."""

    products: dict[str, str]  # names of the active ones
    projects: list[Row]
    teams_of: dict[str, dict[str, str]]

    def suggestion(self, project: Row) -> Suggestion:
        votes = self.votes(project)
        trusted = [v for v in votes if v.kind in self.trusted[project["organization_slug"]]]
        if not trusted or len({vote.product_id for vote in votes}) > 1:
            return None, None
        best = min(trusted)
        return best.product_id, best.reason

    @cached_property
    def speaking(self) -> list[Row]:
        """The projects that have an active product."""
        return [project for project in self.projects if project["product_id"] in self.products]

    @cached_property
    def trusted(self) -> dict[str, set[str]]:
        """Kinds of votes per organization that are right for its projects that have a product."""
        tries: defaultdict[str, Counter[str]] = defaultdict(Counter)
        hits: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for project in self.speaking:
            votes = self.votes(project)
            for kind in {vote.kind for vote in votes}:
                said = {vote.product_id for vote in votes if vote.kind == kind}
                tries[project["organization_slug"]][kind] += 1
                hits[project["organization_slug"]][kind] += said == {project["product_id"]}
        return defaultdict(set) | {
            organization: {
                kind
                for kind, count in found.items()
                if 10 * hits[organization][kind] >= 7 * (count + 2)
            }
            for organization, found in tries.items()
        }

    def votes(self, project: Row) -> list[Vote]:
        """Everything that speaks, as if this project had no product."""
        return [
            *self._of_words(project),
            *self._of_names(project),
            *self._of_teams(project),
        ]

    def _of_words(self, project: Row) -> Iterable[Vote]:
        for word in telling(project):
            siblings = [
                each
                for each in self._holding[project["organization_slug"], word]
                if each["project_id"] != project["project_id"]
            ]
            ids = {each["product_id"] for each in siblings}
            if len(ids) != 1:
                continue
            (product_id,) = ids
            # With the project itself, which matters only if it has that product.
            like = min(
                each["project_slug"]
                for each in self._holding[project["organization_slug"], word]
                if each["product_id"] == product_id
            )
            name, count = self.products[product_id], len(siblings)
            if count > 1:
                reason = f"{count} other projects with {word} in their slug, such as {like}, belong to {name}"
                yield Vote(0, -count, reason, product_id)
            else:
                reason = f"the one other project with {word} in its slug, {like}, belongs to {name}"
                yield Vote(3, -1, reason, product_id)

    @cached_property
    def _holding(self) -> defaultdict[tuple[str, str], list[Row]]:
        found = defaultdict(list)
        for project in self.speaking:
            for word in telling(project):
                found[project["organization_slug"], word].append(project)
        return found

    def _of_names(self, project: Row) -> Iterable[Vote]:
        words = {singular(word) for word in telling(project)}
        sizes: dict[str, int] = {}
        for product_id, name in self.products.items():
            for text in (product_id, name):
                needed = {singular(word) for word in words_of(text) if is_telling(word)}
                if needed and needed <= words:
                    sizes[product_id] = max(sizes.get(product_id, 0), len(needed))
        for product_id, size in sizes.items():
            if size == max(sizes.values()):
                reason = f"its slug has the words of {self.products[product_id]}"
                yield Vote(1, -size, reason, product_id)

    def _of_teams(self, project: Row) -> Iterable[Vote]:
        for team_id, slug in self.teams_of.get(project["project_id"], {}).items():
            others = Counter(
                each["product_id"]
                for each in self._owned[team_id]
                if each["project_id"] != project["project_id"]
            )
            for product_id, count in others.items():
                if count >= 3 and 5 * count >= 4 * others.total():
                    reason = (
                        f"of the other projects of Sentry team {slug}, {count} of {others.total()}"
                        f" belong to {self.products[product_id]}"
                    )
                    yield Vote(2, -count, reason, product_id)

    @cached_property
    def _owned(self) -> defaultdict[str, list[Row]]:
        found = defaultdict(list)
        for project in self.speaking:
            for team_id in self.teams_of.get(project["project_id"], {}):
                found[team_id].append(project)
        return found


def words_of(text: str) -> set[str]:
    return set(re.split(r"[\W_]+", text.lower())) - {""}


def is_telling(word: str) -> bool:
    return len(word) > 1 and word not in GENERIC and not re.fullmatch("[0-9]+", word)


def telling(project: Row) -> set[str]:
    words = words_of(project["project_slug"]) - words_of(project["organization_slug"])
    return {word for word in words if is_telling(word)}


def singular(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def suggestions(oracle: Oracle) -> dict[str, Suggestion]:
    """Product and reason per unassigned project; (None, None) where not enough speaks for any."""
    guesses = Guesses(
        {each: oracle.products[each]["product_name"] for each in active_products(oracle)},
        [project for project in oracle.projects.values() if not project["is_deleted"]],
        {project_id: teams_of(oracle, project_id) for project_id in oracle.projects},
    )
    return {
        project_id: guesses.suggestion(oracle.projects[project_id])
        for project_id in oracle.projects_of[None]
    }


def active_products(oracle: Oracle) -> list[str]:
    return [each for each in oracle.catalog.products if oracle.catalog.is_active(each)]


def teams_of(oracle: Oracle, project_id: str) -> dict[str, str]:
    """Slugs of the teams that have the project now, by id."""
    existing = {
        team["team_id"]: team["team_slug"]
        for team in oracle.world.raw["teams"]
        if not team["deleted_at"]
    }
    return {
        link["team_id"]: existing[link["team_id"]]
        for link in oracle.world.raw["project_teams"]
        if link["project_id"] == project_id
        and not link["removed_at"]
        and link["team_id"] in existing
    }
