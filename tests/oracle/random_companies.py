"""Random companies whose product tree is known: how their projects are named, and which teams own them.

`realistic` ones name most projects after their product. In the others the words of a slug lie: products are platforms
(`by_platform`), words are drawn from a hat (`shared_words`), one project in five is named after another product
(`misnamed`), or parent and children share their words (`nested`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

AREAS = {
    "checkout": ("cart", "basket"),
    "auth": ("login", "sso"),
    "search": ("solr", "ranking"),
    "payments": ("billing", "ledger"),
    "catalog": ("pim", "articles"),
    "stock": ("warehouse", "inventory"),
    "shipping": ("parcel", "tracking"),
    "profile": ("avatar", "account"),
    "orders": ("fulfilment", "returns"),
    "pricing": ("discount", "voucher"),
    "reviews": ("ratings", "moderation"),
    "crm": ("leads", "campaign"),
    "support": ("tickets", "macros"),
    "reporting": ("dashboards", "metrics"),
    "fraud": ("risk", "scoring"),
    "content": ("cms", "media"),
    "messaging": ("mailer", "push"),
    "partners": ("affiliate", "marketplace"),
    "hiring": ("candidates", "payroll"),
    "identity": ("kyc", "consent"),
    "loyalty": ("points", "rewards"),
    "maps": ("geocoder", "routing"),
    "video": ("transcoder", "player"),
    "booking": ("calendar", "seats"),
}
_PARTS = "api web worker ios android service frontend backend admin jobs consumer gateway"
_CODENAMES = (
    "falcon zeus apollo mercury panda otter atlas nimbus bolt quartz saturn heron lynx comet ember "
    "onyx pixel raven titan vega"
)
PARTS, CODENAMES = _PARTS.split(), _CODENAMES.split()
SUFFIXES = ("", "", "-flow", "-platform", "-system", "-management")
DOMAINS = ("commerce", "platform", "growth", "operations", "media", "internal")


@dataclass
class Project:
    """A project, the product that it belongs to, and whether the catalog says so."""

    slug: str
    product_id: str
    teams: frozenset[str] = frozenset()
    is_mapped: bool = True


@dataclass
class Company:
    """An organization with its products, name by id, and its projects."""

    organization: str
    products: dict[str, str]
    projects: list[Project] = field(default_factory=list)

    def add_product(self, product_id: str) -> str:
        while product_id in self.products:
            product_id += "-2"
        self.products[product_id] = product_id.replace("-", " ").title()
        return product_id

    def add_project(self, slug: str, product_id: str, *teams: str) -> None:
        if any(project.slug == slug for project in self.projects):
            slug = f"{slug}-{len(self.projects)}"
        self.projects.append(Project(slug, product_id, frozenset(teams)))

    def forget(self, rng: Random) -> Company:
        """Remove 20 to 40 % of the mapping rows."""
        share = rng.uniform(0.2, 0.4)
        for project in self.projects:
            project.is_mapped = rng.random() > share
        return self


def realistic(rng: Random) -> Company:
    company = Company("acme", {})
    prefix = rng.choice(["", "", "acme-"])
    areas = rng.sample(list(AREAS), k=rng.randint(6, 20))
    teams = [f"{rng.choice(CODENAMES)}-{number}" for number in range(20)]
    while areas:
        domain = company.add_product(rng.choice(DOMAINS))
        team = rng.choice(teams)
        for area in [areas.pop() for _ in range(min(rng.randint(1, 4), len(areas)))]:
            product_id = company.add_product(
                rng.choice([area + rng.choice(SUFFIXES), f"{area}s", rng.choice(AREAS[area])])
            )
            team = rng.choice([team, rng.choice(teams)])
            for _ in range(rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 7])):
                owners = [] if rng.random() < 0.1 else [team]
                owners += [rng.choice(teams)] if rng.random() < 0.1 else []
                company.add_project(prefix + _slug(rng, area), product_id, *owners)
        for _ in range(rng.choice([0, 0, 1, 2])):
            slug = rng.choice(CODENAMES) + rng.choice(["", "-api", "-web"])
            company.add_project(prefix + slug, domain, team)
    return company.forget(rng)


def _slug(rng: Random, area: str) -> str:
    part, kind = rng.choice(PARTS), rng.random()
    if kind < 0.6:
        return f"{area}-{part}"
    if kind < 0.7:
        return f"{part}-{area}"
    if kind < 0.75:
        return area
    return f"{rng.choice(AREAS[area] if kind < 0.9 else CODENAMES)}-{part}"


def by_platform(rng: Random) -> Company:
    platforms = {
        "web": ("web", "admin"),
        "mobile": ("ios", "android"),
        "backend": ("api", "worker", "service"),
        "data": ("etl", "reports"),
    }
    company = Company("acme", {each: each.title() for each in platforms})
    has_area_teams = rng.random() < 0.5
    for area in rng.sample(list(AREAS), k=rng.randint(5, 16)):
        for product_id, parts in platforms.items():
            if rng.random() < 0.6:
                for part in rng.sample(parts, k=rng.randint(1, 2)):
                    team = area if has_area_teams else product_id
                    company.add_project(f"{area}-{part}", product_id, f"{team}-team")
    return company.forget(rng)


def shared_words(rng: Random) -> Company:
    ids = rng.sample(list(AREAS), k=rng.randint(5, 14))
    company = Company(rng.choice(["acme", ids[0]]), {each: each.title() for each in ids})
    vocabulary = rng.sample([*ids, *CODENAMES, *PARTS], k=rng.randint(5, 25))
    for _ in range(rng.randint(20, 80)):
        slug = "-".join(rng.choice(vocabulary) for _ in range(rng.randint(1, 3)))
        teams = [f"team-{rng.randrange(6)}" for _ in range(rng.randint(0, 2))]
        company.add_project(slug, rng.choice(ids), *teams)
    return company.forget(rng)


def misnamed(rng: Random) -> Company:
    company = realistic(rng)
    for project in company.projects:
        if rng.random() < 0.2:
            word = rng.choice(rng.choice(company.projects).slug.removeprefix("acme-").split("-"))
            slug = f"{word}-{rng.choice(PARTS)}-{rng.randrange(99)}"
            if all(other.slug != slug for other in company.projects):
                project.slug = slug
    return company


def nested(rng: Random) -> Company:
    company = Company("acme", {})
    for area in rng.sample(list(AREAS), k=rng.randint(3, 8)):
        words = rng.sample([*AREAS[area], "core", "eu", "next"], k=rng.randint(1, 4))
        for name in (area, *(f"{area}-{word}" for word in words)):
            product_id = company.add_product(name)
            for _ in range(rng.randint(1, 5)):
                stem = rng.choice([area, product_id, product_id.split("-")[-1]])
                company.add_project(f"{stem}-{rng.choice(PARTS)}", product_id, f"{area}-team")
    return company.forget(rng)


KINDS: dict[str, Callable[[Random], Company]] = {
    make.__name__: make for make in (realistic, by_platform, shared_words, misnamed, nested)
}
