"""A first catalog, guessed from what a Sentry holds: teams, slugs that share a word, names.

A draft has two levels. Its roots are the teams, where most projects have one of their own; else the first words of
the slugs, where those have groups within; else the organization. It is for a person to finish, and always valid.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pipelines.catalog import values
from pipelines.catalog.draft_words import Words, as_id, as_name, group_name
from pipelines.catalog.mapping import is_glob

Groups = dict[str, list["ListedProject"]]


@dataclass(frozen=True)
class ListedProject:
    """A project as Sentry lists it; `teams` are slugs."""

    slug: str
    name: str = ""
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ListedOrganization:
    """An organization as Sentry lists it; `team_names` by slug."""

    slug: str
    name: str = ""
    team_names: Mapping[str, str] = field(default_factory=dict)
    projects: Sequence[ListedProject] = ()


@dataclass
class DraftProduct:
    """A product, what it was guessed from, and the projects and mapping rows of its own."""

    product_id: str
    name: str
    guessed_from: str
    organization: str
    parent_id: str | None = None
    owner_team: str | None = None
    projects: list[ListedProject] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """Products, parents first, and `organization/project` of what no row of a CSV can name."""

    products: list[DraftProduct]
    left_out: list[str]


@dataclass
class _Group:
    key: str
    name: str
    guessed_from: str
    projects: list[ListedProject] = field(default_factory=list)
    children: list[_Group] = field(default_factory=list)

    def all_projects(self) -> list[ListedProject]:
        return [*self.projects, *(each for child in self.children for each in child.projects)]


def draft(organizations: Iterable[ListedOrganization]) -> Draft:
    """Return a draft in which every project that a row can name has one product."""
    products: dict[str, DraftProduct] = {}
    left_out = []
    for organization in _merged(organizations):
        mapped = [p for p in organization.projects if _can_be_named(organization, p)]
        others = set(organization.projects) - set(mapped)
        left_out += sorted(f"{organization.slug}/{project.slug}" for project in others)
        words = Words(organization.slug, [project.slug for project in mapped])
        everywhere = _teams_of_all(mapped)
        for root in _roots(organization, mapped, words, everywhere):
            added = _add(products, organization, root, None, everywhere)
            for child in root.children:
                _add(products, organization, child, added, everywhere)
        _find_patterns(organization, products.values(), words)
    return Draft(list(products.values()), left_out)


def _merged(organizations: Iterable[ListedOrganization]) -> list[ListedOrganization]:
    """Return the organizations with each slug once: a row does not tell upper from lower case."""
    projects: defaultdict[str, dict[str, ListedProject]] = defaultdict(dict)
    first: dict[str, ListedOrganization] = {}
    for each in organizations:
        first.setdefault(each.slug.lower(), each)
        for project in each.projects:
            projects[each.slug.lower()].setdefault(project.slug.lower(), project)
    return [
        replace(each, projects=[project for _, project in sorted(projects[slug].items())])
        for slug, each in sorted(first.items())
    ]


def _can_be_named(organization: ListedOrganization, project: ListedProject) -> bool:
    slugs = (organization.slug, project.slug)
    return all(
        slug.isascii() and not is_glob(slug) and not values.parse_identifier(slug.lower())[1]
        for slug in slugs
    )


def _teams_of_all(projects: list[ListedProject]) -> frozenset[str]:
    """Return the teams that have every project, where there are others: they tell no project from another."""
    teams = [project.teams for project in projects] or [frozenset()]
    shared = frozenset.intersection(*teams)
    return shared if frozenset.union(*teams) > shared else frozenset()


def _roots(
    organization: ListedOrganization,
    projects: list[ListedProject],
    words: Words,
    everywhere: frozenset[str],
) -> list[_Group]:
    name = as_name(organization.name, organization.slug)
    rest = _Group(organization.slug, name, f"organization {organization.slug}", list(projects))
    roots = _by_team(organization, rest, words, everywhere) or _by_word(rest, words)
    if roots and not rest.projects:
        return roots
    _split(rest, words, 0)
    return [*roots, rest]


def _by_team(
    organization: ListedOrganization, rest: _Group, words: Words, everywhere: frozenset[str]
) -> list[_Group]:
    """Move projects from `rest` to a root per team, if most of them have one of their own."""
    team_of: dict[ListedProject, str] = {}
    for project in rest.projects:
        if len(own := project.teams - everywhere) == 1:
            (team_of[project],) = own
    if len(set(team_of.values())) < 2 or 2 * len(team_of) < len(rest.projects):
        return []
    by_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for project, team in team_of.items():
        by_word[words.first(project.slug)][team] += 1
    for project in rest.projects:
        # Of no team, or of several: with the projects that share its word, where those agree.
        votes = by_word[word] if (word := words.first(project.slug)) else Counter[str]()
        if project not in team_of and len(votes) == 1:
            (team_of[project],) = votes
    roots: dict[str, _Group] = {}
    for project in rest.projects:
        if project in team_of:
            team = team_of[project]
            name = as_name(organization.team_names.get(team, ""), team)
            group = roots.setdefault(team, _Group(team, name, f"Sentry team {team}"))
            group.projects.append(project)
    rest.projects = [project for project in rest.projects if project not in team_of]
    for root in roots.values():
        _split(root, words, 0)
    return [roots[team] for team in sorted(roots)]


def _by_word(rest: _Group, words: Words) -> list[_Group]:
    """Move projects from `rest` to a root per first word of the slugs, if there are groups within those."""
    groups = _grouped(rest.projects, words, 0)
    if not any(len(_grouped(group, words, 1)) > 1 for group in groups.values()):
        return []
    roots = [_word_group(word, group, words) for word, group in groups.items()]
    for root in roots:
        _split(root, words, 1)
    placed = {project for root in roots for project in root.all_projects()}
    rest.projects = [project for project in rest.projects if project not in placed]
    return roots


def _split(root: _Group, words: Words, depth: int) -> None:
    """Make children of a root's projects that share a word, unless that is the root's own or all share it."""
    for word, group in _grouped(root.projects, words, depth).items():
        if len(group) == len(root.projects) or word == root.key:
            continue
        key = f"{root.key}-{word}" if depth else word
        root.children.append(_word_group(word, group, words, key))
    placed = {project for child in root.children for project in child.projects}
    root.projects = [project for project in root.projects if project not in placed]


def _grouped(projects: Iterable[ListedProject], words: Words, depth: int) -> Groups:
    groups: Groups = defaultdict(list)
    for project in projects:
        if len(found := words.telling(project.slug)) > depth:
            groups[found[depth]].append(project)
    return {word: group for word, group in sorted(groups.items()) if len(group) > 1}


def _word_group(word: str, group: list[ListedProject], words: Words, key: str = "") -> _Group:
    name = group_name(word, [project.name for project in group], words)
    return _Group(key or word, name, f'the word "{word}" in the slugs', list(group))


def _add(
    products: dict[str, DraftProduct],
    organization: ListedOrganization,
    group: _Group,
    parent: DraftProduct | None,
    everywhere: frozenset[str],
) -> DraftProduct:
    wanted = as_id(group.key)
    above = [organization.slug, *([parent.product_id] if parent else [])]
    candidates = [wanted, *(f"{as_id(each)}-{wanted}" for each in above)]
    numbered = (f"{wanted}-{number}" for number in range(2, len(products) + 3))
    product_id = next(each for each in (*candidates, *numbered) if each not in products)
    owner = _owner(group.all_projects(), everywhere)
    product = DraftProduct(
        product_id,
        group.name,
        group.guessed_from,
        organization.slug,
        parent.product_id if parent else None,
        None if parent and parent.owner_team == owner else owner,
        group.projects,
    )
    products[product_id] = product
    return product


def _owner(projects: list[ListedProject], everywhere: frozenset[str]) -> str | None:
    """Return the one team that all the projects share, beside those of all; None if there is not one."""
    if not projects:
        return None
    shared = frozenset.intersection(*(project.teams for project in projects))
    names = sorted(shared - everywhere)
    if len(names) != 1 or values.one_line(names[0]) != names[0] or values.parse_team(names[0])[1]:
        return None
    return names[0] if names[0].isprintable() else None


def _find_patterns(
    organization: ListedOrganization, products: Iterable[DraftProduct], words: Words
) -> None:
    """Write each product's rows: a glob where it catches projects of that product only, slugs otherwise."""
    caught: defaultdict[str, set[str]] = defaultdict(set)
    for project in organization.projects:
        for glob in words.globs(project.slug.lower()):
            caught[glob].add(project.slug.lower())
    for product in products:
        if product.organization != organization.slug:
            continue
        left = {project.slug.lower() for project in product.projects}
        globs = {glob for slug in left for glob in words.globs(slug) if words.tells(glob)}
        own = [glob for glob in globs if len(caught[glob]) > 1 and caught[glob] <= left]
        # The one that catches the most; rather by a beginning than an end, and rather short.
        for glob in sorted(own, key=lambda g: (-len(caught[g]), g.startswith("*"), len(g), g)):
            if caught[glob] <= left:
                left -= caught[glob]
                product.patterns.append(glob)
        product.patterns += sorted(left)
