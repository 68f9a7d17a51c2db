"""Random product trees, mappings and targets that would pass the catalog check."""

from __future__ import annotations

from random import Random

from .raw_world import Row

AREAS = ("checkout", "auth", "search", "pay", "a_b", "stock")
KINDS = ("api", "web", "worker", "api-v2")
# "Alpha 2" sorts before "Alpha > Child" as text, but after the whole branch of "Alpha" in a tree.
NAMES = ("Alpha", "Alpha 2", "Alpha-Beta", "Beta", "Gamma", "Gamma Ray", "Delta", "Omega")
TEAMS = ("payments", "identity", "commerce", "platform", "data")
PRIORITIES = ("critical", "high", "medium", "low")
# 24 h and 7 h have an 80 % point that binary floating point cannot hold.
TARGET_HOURS = (24.0, 7.0, 168.0)
# By the priority of the product and of the issue; low has a target for high issues alone.
TARGETS: dict[tuple[str, str | None], float] = {
    ("critical", None): 24.0,
    ("high", None): 7.0,
    ("medium", None): 168.0,
    ("critical", "low"): 168.0,
    ("high", "medium"): 24.0,
    ("medium", "high"): 24.0,
    ("low", "high"): 168.0,
}
# What the issues of a random world hold, some of it, or hold nowhere.
RULES = {
    "title": ("Error ?0*", "error *1:*", 'Error *: it\'s "broken"*<b>'),
    "culprit": ("shop/*", "GET /basket?id=1&x='", "*PAY"),
    "filename": ("*.js", "shop/*/*", "shop_cart.py"),
    "function": ("charge", "find 100%", "find 100_"),
    "type": ("*error", "ValueError"),
    "logger": ("shop.*", "django.request", "*!*"),
    "platform": ("Python", "??????", "coco*"),
    "category": ("error", "*"),
    "assignee": ("ida *", "?da rhodes"),
    "owner": ("#search", "user:*", "#pay*"),
}
# From what value on a product is at risk and critical, by its priority and the measure.
HEALTH: dict[tuple[str | None, str], tuple[float | None, float | None]] = {
    (None, "late_high_issues"): (None, 1.0),
    (None, "late_ratio"): (0.1, 0.25),
    (None, "at_risk_high_issues"): (1.0, None),
    (None, "events_growth"): (2.0, 5.0),
    (None, "crash_free_sessions"): (0.995, 0.98),
    ("low", "late_high_issues"): (1.0, None),
    ("medium", "late_high_issues"): (2.0, 4.0),
    ("medium", "events_growth"): (None, None),
    ("low", "crash_free_sessions"): (0.99, None),
}


def products(rng: Random, count: int) -> list[Row]:
    """A forest of `count` products: several roots, one branch that is deep, some switched off."""
    rows: list[Row] = []
    ids = _ids(rng, count)
    for number in range(count):
        deep = 0 < number < 7
        root = number % 9 == 0
        parent = rows[number - 1] if deep else None if root else rng.choice(rows)
        rows.append(
            {
                "product_id": ids[number],
                "name": rng.choice(NAMES),
                "parent_id": parent and parent["product_id"],
                "description": rng.choice([None, 'what "it" does, in words']),
                "owner_team": rng.choice([None, None, None, *TEAMS]),
                "priority": rng.choice([None, None, None, *PRIORITIES]),
                "is_active": not number or rng.random() > 0.15,
            }
        )
    rng.shuffle(rows)
    return [row | {"line": line} for line, row in enumerate(rows, start=2)]


def _ids(rng: Random, count: int) -> list[str]:
    """Some like a slug, letter for letter or nearly so, and some like nothing."""
    slugs = [f"{area}-{kind}" for area in AREAS for kind in ("", *KINDS)]
    alike = [slug.strip("-") for slug in slugs] + [
        slug[:2] + slug[3:] for slug in slugs if slug[3:]
    ]
    found = dict.fromkeys(rng.sample(alike, k=len(alike)))
    return [*found, *(f"p{number:02}" for number in range(count))][: count * 2 : 2]


def project_products(
    rng: Random, product_ids: list[str], organizations: list[str], slugs: list[str]
) -> list[Row]:
    """Exact rows and globs, for a named organization or any; no two can tie."""
    exact = [
        (rng.choice([None, *organizations]), slug)
        for slug in rng.sample(slugs, k=len(slugs) * 2 // 3)
    ]
    globs = [
        (organization, pattern)
        for pattern in (
            *(f"{area}-*" for area in AREAS),
            *(f"*-{kind}" for kind in KINDS),
            "pay_*",  # an underscore is no wildcard
            "[a-z]*",  # nor is a bracket
            "?uth-*",
            "checkout-???",
            "s*-w*",
        )
        for organization in rng.sample([None, *organizations], k=2)
        if rng.random() < 0.3
    ]
    rows: dict[tuple[str | None, str | int], Row] = {}
    for organization, project in (*exact, *globs):
        literals = len(project.replace("*", "").replace("?", ""))
        # Two patterns of one length could tie, which the catalog check refuses.
        identity = (organization, literals if "*" in project or "?" in project else project)
        rows.setdefault(
            identity,
            {
                "organization": organization,
                "project": project,
                "product_id": rng.choice(product_ids),
            },
        )
    return [row | {"line": line} for line, row in enumerate(rows.values(), start=2)]


def issue_rules(
    rng: Random, product_ids: list[str], organizations: list[str], slugs: list[str]
) -> list[Row]:
    """Rules of every field, of which later ones overrule earlier ones."""
    scopes = ["*", *(f"{area}*" for area in AREAS), *rng.sample(slugs, k=min(8, len(slugs)))]
    rules = [
        {
            "organization": rng.choice([None, None, *organizations]),
            "project": rng.choice(scopes),
            "field": field,
            "pattern": rng.choice(patterns),
            "product_id": rng.choice(product_ids),
        }
        for field, patterns in RULES.items()
        for _ in range(2)
        if rng.random() < 0.8
    ]
    rng.shuffle(rules)
    return [rule | {"line": line} for line, rule in enumerate(rules, start=2)]


def sla_targets() -> list[Row]:
    return [
        {
            "priority": priority,
            "issue_priority": issue_priority,
            "resolve_within_hours": hours,
            "line": line,
        }
        for line, ((priority, issue_priority), hours) in enumerate(TARGETS.items(), start=2)
    ]


def health_targets() -> list[Row]:
    return [
        {"priority": priority, "measure": name, "at_risk": at_risk, "critical": critical}
        for (priority, name), (at_risk, critical) in HEALTH.items()
    ]
