"""Which product a project without one may belong to, and what speaks for it."""

from __future__ import annotations

from collections import Counter

from .oracle_facts import Oracle
from .raw_world import Row

Suggestion = tuple[str, str] | tuple[None, None]

LIKE = 0.85


def suggestions(oracle: Oracle) -> dict[str, Suggestion]:
    """Product and reason per unassigned project; (None, None) where nothing speaks for any."""
    return {project_id: _suggested(oracle, project_id) for project_id in oracle.projects_of[None]}


def _suggested(oracle: Oracle, project_id: str) -> Suggestion:
    return (
        _by_siblings(oracle, project_id)
        or _by_team(oracle, project_id)
        or _by_likeness(oracle, project_id)
        or (None, None)
    )


def active_products(oracle: Oracle) -> list[str]:
    return [each for each in oracle.catalog.products if oracle.catalog.is_active(each)]


def _speaking(oracle: Oracle) -> list[Row]:
    """The projects that exist and have an active product."""
    return [
        oracle.projects[project_id]
        for product_id in active_products(oracle)
        for project_id in oracle.projects_of[product_id]
    ]


def _majority(projects: list[Row]) -> tuple[str, int] | None:
    """The product of more than half of the projects, and how many they are."""
    found = Counter(project["product_id"] for project in projects).most_common(1)
    return next((each for each in found if 2 * each[1] > len(projects)), None)


def _by_siblings(oracle: Oracle, project_id: str) -> Suggestion | None:
    project = oracle.projects[project_id]
    word = project["project_slug"].split("-")[0]
    siblings = [
        each
        for each in _speaking(oracle)
        if each["organization_slug"] == project["organization_slug"]
        and each["project_slug"].split("-")[0] == word
    ]
    if not (found := _majority(siblings)):
        return None
    product_id, _ = found
    like = min(each["project_slug"] for each in siblings if each["product_id"] == product_id)
    name = oracle.products[product_id]["product_name"]
    return product_id, f"its slug begins with {word} like {like}, which belongs to {name}"


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


def _by_team(oracle: Oracle, project_id: str) -> Suggestion | None:
    votes = []
    for team_id, slug in teams_of(oracle, project_id).items():
        others = [
            each for each in _speaking(oracle) if team_id in teams_of(oracle, each["project_id"])
        ]
        if found := _majority(others):
            product_id, agreeing = found
            reason = (
                f"of the other projects of Sentry team {slug}, {agreeing} of {len(others)}"
                f" belong to {oracle.products[product_id]['product_name']}"
            )
            votes.append((-agreeing, product_id, reason))
    return min(votes)[1:] if votes else None


def _by_likeness(oracle: Oracle, project_id: str) -> Suggestion | None:
    slug = oracle.projects[project_id]["project_slug"]
    alike = [(-jaro_winkler(slug, each), each) for each in active_products(oracle)]
    likeness, product_id = min(alike)
    name = oracle.products[product_id]["product_name"]
    return (product_id, f"its slug resembles the id of {name}") if -likeness >= LIKE else None


def jaro_winkler(one: str, other: str) -> float:
    """Likeness from 0 to 1 after Winkler: Jaro's, raised by 0.1 per common first letter (up to 4)."""
    jaro = _jaro(one, other)
    prefix = 0
    for a, b in zip(one[:4], other[:4], strict=False):
        if a != b:
            break
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro)


def _jaro(one: str, other: str) -> float:
    """Letters match within half the longer word; those out of order count as half transpositions."""
    if not one or not other:
        return float(one == other)
    reach = max(max(len(one), len(other)) // 2 - 1, 0)
    taken: set[int] = set()
    matched = []
    for place, letter in enumerate(one):
        for there in range(max(place - reach, 0), min(place + reach + 1, len(other))):
            if there not in taken and other[there] == letter:
                taken.add(there)
                matched.append(letter)
                break
    if not matched:
        return 0.0
    in_order = [other[there] for there in sorted(taken)]
    transposed = sum(a != b for a, b in zip(matched, in_order, strict=True)) // 2
    found = len(matched)
    return (found / len(one) + found / len(other) + (found - transposed) / found) / 3
