"""The company of the sample world: its projects, its teams and their people, and when they work."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from pipelines.fake_sentry.entities import Project


class Home(NamedTuple):
    """A project of the sample world, and what its code is about.

    `share` is how many of the new issues are its own, `within` in how many hours its team means to fix one. `kind` is
    what errors its code throws.
    """

    slug: str
    platform: str
    kind: str
    team: str
    share: int
    within: int
    nouns: str

    @property
    def sessions(self) -> int:
        """How many sessions people have of it in a busy hour; 0 for what only other programs use."""
        return SESSIONS.get(self.slug, 0)


REACT = "javascript-react"
HOMES = [
    Home("auth-api", "python", "python", "identity", 9, 24, "session token user scope"),
    Home("auth-web", REACT, REACT, "identity", 6, 24, "LoginForm SignUp ConsentPage"),
    Home("login-web", REACT, REACT, "identity", 5, 24, "LoginForm Captcha OneTimeCode"),
    Home(
        "profile-service",
        "java-spring",
        "java-spring",
        "identity",
        6,
        168,
        "profile address preference",
    ),
    Home("avatar-worker", "python", "batch", "identity", 3, 168, "image thumbnail upload"),
    Home("checkout-web", REACT, REACT, "checkout", 12, 24, "CheckoutPage CouponBox AddressForm"),
    Home("checkout-api", "python", "python", "checkout", 10, 24, "order coupon basket address"),
    Home(
        "checkout-ios",
        "apple-ios",
        "apple-ios",
        "checkout",
        8,
        24,
        "CheckoutView ApplePay OrderList",
    ),
    Home("cart-service", "go", "go", "checkout", 5, 24, "cart item price"),
    Home(
        "payment-gateway",
        "java-spring",
        "java-spring",
        "payments",
        8,
        24,
        "payment card authorization capture",
    ),
    Home("refund-worker", "python", "batch", "payments", 4, 24, "refund chargeback payment"),
    Home("fraud-detector", "python", "python", "payments", 4, 24, "score rule device payment"),
    Home("ledger", "go", "go", "payments", 3, 24, "posting account balance"),
    Home(
        "catalog-api",
        "node-express",
        "node-express",
        "supply",
        7,
        168,
        "article category price variant",
    ),
    Home("catalog-indexer", "python", "batch", "supply", 4, 168, "document shard article"),
    Home(
        "search-service", "java-spring", "java-spring", "supply", 5, 168, "query suggestion facet"
    ),
    Home("stock-api", "go", "go", "supply", 5, 168, "stock reservation warehouse"),
    Home(
        "stock-alerts", "node-express", "node-express", "supply", 3, 168, "alert threshold supplier"
    ),
    Home("warehouse-sync", "python", "batch", "supply", 4, 168, "shipment manifest warehouse"),
    Home("shop-gateway", "go", "go", "commerce", 6, 72, "route upstream session"),
    Home("support-console", REACT, REACT, "support", 5, 168, "TicketList MacroEditor Inbox"),
    Home("macro-bot", "node-express", "node-express", "support", 2, 168, "macro ticket reply"),
    Home("etl-jobs", "python", "batch", "data", 5, 720, "batch table partition"),
    Home("report-builder", "python", "batch", "data", 3, 720, "report chart export"),
    Home("nightly-reports", "python", "batch", "data", 0, 720, "report mail attachment"),
    Home("beta-landing", REACT, REACT, "growth", 2, 336, "Hero Newsletter Waitlist"),
    Home("chatbot-poc", "python", "python", "support", 1, 336, "prompt completion intent"),
]
# One project that is several products: rules tell its issues apart by where in the code they are. All of it is drawn
# apart, so that what happens elsewhere does not depend on it.
MONOLITH = Home(
    "shop-backend", "python", "monolith", "identity", 0, 24, "order article account invoice"
)
# What comes later, and what projects were called before.
NEW_HOMES = {
    "checkout-android": Home(
        "checkout-android", "android", "java-spring", "checkout", 6, 24, "order coupon receipt"
    )
}
RENAMES = {1: ("payment-gateway", "payments-gateway"), 20: ("macro-bot", "answer-bot")}
SWITCHED_OFF = "nightly-reports"

SESSIONS = {
    "auth-web": 2000,
    "login-web": 2600,
    "checkout-web": 1500,
    "checkout-ios": 900,
    "checkout-android": 700,
    "support-console": 900,
    "beta-landing": 900,
}
# Who owns what in projects that several teams work on, by the rules in Sentry: words of title or culprit, team.
OWNERSHIP = {
    "shop-gateway": [("*session*", "identity"), ("*upstream*", "commerce")],
    "shop-backend": [
        ("*payment*", "payments"),
        ("*checkout*", "checkout"),
        ("*catalog*", "supply"),
    ],
}

PEOPLE = {
    "identity": ["Amira Haddad", "Bruno Costa", "Nora Lind"],
    "checkout": ["Chen Wei", "Dana Novak", "Elif Kaya", "Oskar Berg"],
    "payments": ["Femi Ade", "Greta Lund", "Hiro Tanaka"],
    "supply": ["Ines Moreau", "Jonas Weber", "Priya Nair"],
    "commerce": ["Kavya Rao", "Luca Bianchi"],
    "support": ["Marta Silva", "Tom Becker"],
    "data": ["Sofia Rossi", "Yusuf Demir"],
    "growth": ["Zoe Martin"],
}
MONDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = 0, 2, 3, 4, 5
# On the afternoon of that day these teams go through what is open since before Wednesday noon.
TRIAGES = {"identity": FRIDAY, "supply": THURSDAY, "support": FRIDAY}
# Who means to fix within a day also does on nights and weekends, if it is urgent.
ON_CALL_WITHIN = 24
OPENS, CLOSES = 7, 17  # hours of the day, UTC
TOO_MUCH_ON_MONDAY = 0.3  # is left for Tuesday


def home_of(project: Project) -> Home:
    """Return what the company knows about `project`; a stranger is a small project in Python."""
    slug = _FORMER_SLUGS.get(project.slug, project.slug)
    return _HOMES.get(slug) or Home(slug, "python", "python", "", 2, 168, "order session item")


_HOMES = {home.slug: home for home in [*HOMES, MONOLITH]} | NEW_HOMES
_FORMER_SLUGS = {new: old for old, new in RENAMES.values()}


def is_weekend(at: datetime) -> bool:
    """Say whether `at` is on a Saturday or Sunday."""
    return at.weekday() >= SATURDAY


def at_work(random: Random, at: datetime) -> datetime:
    """Return `at` if people work then, otherwise a moment of their next working day, rather in its morning."""
    if not is_weekend(at) and OPENS <= at.hour < CLOSES:
        return at
    day = at if at.hour < OPENS else at + timedelta(days=1)
    while is_weekend(day):
        day += timedelta(days=1)
    if day.weekday() == MONDAY and random.random() < TOO_MUCH_ON_MONDAY:
        day += timedelta(days=1)
    return _moment(day, OPENS + random.triangular(0, CLOSES - OPENS, 2))


def awake(random: Random, at: datetime) -> datetime:
    """Return `at`, or in place of most nights the day after it: most users sleep."""
    return at + timedelta(hours=7) if at.hour < OPENS - 1 and random.random() < 0.75 else at


def next_triage(random: Random, since: datetime, weekday: int) -> datetime:
    """Return when a team with its triage on `weekday` goes through an issue that is open `since`."""
    noon = _moment(since + timedelta(days=(WEDNESDAY - since.weekday()) % 7), 12)
    days = weekday - WEDNESDAY + (7 if noon < since else 0)
    return noon + timedelta(days=days, hours=random.uniform(1, 4))


def busyness(at: datetime) -> float:
    """Return how much goes on at that time, from 0 to 1: less at night, less on weekends."""
    by_hour = 1.0 if OPENS <= at.hour < CLOSES + 2 else 0.45 if at.hour >= OPENS - 1 else 0.2
    return by_hour * (0.4 if is_weekend(at) else 1.0)


def _moment(day: datetime, hour: float) -> datetime:
    return day.replace(hour=0, minute=0, second=0) + timedelta(hours=hour)
