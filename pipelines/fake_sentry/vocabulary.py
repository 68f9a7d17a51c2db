"""The words of the sample world: its projects, people and teams, and the errors that its code throws."""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple


class Home(NamedTuple):
    """A project of the sample world: how many of its issues there are, and what its code is about."""

    slug: str
    platform: str
    team: str
    share: int
    nouns: str


HOMES = [
    Home("auth-api", "python", "identity", 9, "session token user scope"),
    Home("auth-web", "javascript-react", "identity", 6, "LoginForm SignUp ConsentPage"),
    Home("login-web", "javascript-react", "identity", 5, "LoginForm Captcha OneTimeCode"),
    Home("profile-service", "java-spring", "identity", 6, "profile address preference"),
    Home("avatar-worker", "python", "identity", 3, "image thumbnail upload"),
    Home("checkout-web", "javascript-react", "checkout", 12, "CheckoutPage CouponBox AddressForm"),
    Home("checkout-api", "python", "checkout", 10, "order coupon basket address"),
    Home("checkout-ios", "apple-ios", "checkout", 8, "CheckoutView ApplePay OrderList"),
    Home("cart-service", "go", "checkout", 5, "cart line item price"),
    Home("payment-gateway", "java-spring", "payments", 8, "payment card authorization capture"),
    Home("refund-worker", "python", "payments", 4, "refund chargeback payment"),
    Home("fraud-detector", "python", "payments", 4, "score rule device payment"),
    Home("ledger", "go", "payments", 3, "posting account balance"),
    Home("catalog-api", "node-express", "supply", 7, "article category price variant"),
    Home("catalog-indexer", "python", "supply", 4, "document shard article"),
    Home("search-service", "java-spring", "supply", 5, "query suggestion facet"),
    Home("stock-api", "go", "supply", 5, "stock reservation warehouse"),
    Home("stock-alerts", "node-express", "supply", 3, "alert threshold supplier"),
    Home("warehouse-sync", "python", "supply", 4, "shipment manifest warehouse"),
    Home("shop-gateway", "go", "commerce", 6, "route upstream session"),
    Home("support-console", "javascript-react", "support", 5, "TicketList MacroEditor Inbox"),
    Home("macro-bot", "node-express", "support", 2, "macro ticket reply"),
    Home("etl-jobs", "python", "data", 5, "batch table partition"),
    Home("report-builder", "python", "data", 3, "report chart export"),
    Home("nightly-reports", "python", "data", 2, "report mail attachment"),
    Home("beta-landing", "javascript-react", "growth", 2, "Hero Newsletter Waitlist"),
    Home("chatbot-poc", "python", "support", 1, "prompt completion intent"),
]

PEOPLE = [
    "Amira Haddad",
    "Bruno Costa",
    "Chen Wei",
    "Dana Novak",
    "Elif Kaya",
    "Femi Ade",
    "Greta Lund",
    "Hiro Tanaka",
    "Ines Moreau",
    "Jonas Weber",
    "Kavya Rao",
    "Luca Bianchi",
]

# type, value, culprit; {n} a noun of the project, {m} another, {i} a number
ERRORS: dict[str, list[tuple[str, str, str]]] = {
    "python": [
        ("KeyError", "'{n}_id'", "app.{m}s.views in get_{n}"),
        (
            "ValueError",
            "invalid literal for int() with base 10: '{n}-{i}'",
            "app.{n}s in parse_{m}",
        ),
        ("AttributeError", "'NoneType' object has no attribute '{n}'", "app.{m}s.tasks in {n}_{m}"),
        (
            "IntegrityError",
            'duplicate key value violates unique constraint "{n}s_{m}_key"',
            "app.{n}s.models in save",
        ),
        (
            "OperationalError",
            "server closed the connection unexpectedly",
            "app.{n}s.store in find_{m}",
        ),
        ("TimeoutError", "reading the {n} took longer than {i} s", "app.clients.{m} in fetch_{n}"),
        (
            "ConnectionResetError",
            "[Errno 104] Connection reset by peer",
            "app.clients.{n} in send_{m}",
        ),
        (
            "ValidationError",
            "1 validation error for {n}: field '{m}' is required",
            "app.{n}s.schema in load",
        ),
        (
            "TypeError",
            "unsupported operand type(s) for +: 'NoneType' and 'int'",
            "app.{n}s.totals in add_{m}",
        ),
        (
            "UnicodeDecodeError",
            "'utf-8' codec can't decode byte 0xe4 in position {i}",
            "app.{n}s.files in read_{m}",
        ),
        ("PermissionDenied", "{n} {i} belongs to another {m}", "app.{n}s.views in update_{n}"),
    ],
    "javascript-react": [
        ("TypeError", "Cannot read properties of undefined (reading '{n}')", "{n}({m}.tsx)"),
        ("TypeError", "{n}.map is not a function", "render({n}.tsx)"),
        ("ReferenceError", "{m}State is not defined", "use{n}({n}.tsx)"),
        ("ChunkLoadError", "Loading chunk {i} failed.", "load({n}.tsx)"),
        ("Error", "Request failed with status code {i}", "fetch{n}(api/{m}.ts)"),
        ("Error", "Minified React error #{i}; visit the docs for the full message", "{n}(app.js)"),
        ("RangeError", "Maximum call stack size exceeded", "update{n}({m}.tsx)"),
        (
            "UnhandledRejection",
            "Non-Error promise rejection captured with value: {m}",
            "{n}({n}.tsx)",
        ),
        (
            "SyntaxError",
            "Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
            "parse{n}(api/{m}.ts)",
        ),
        (
            "QuotaExceededError",
            "The quota has been exceeded while saving '{n}'",
            "store{m}(storage.ts)",
        ),
    ],
    "node-express": [
        (
            "TypeError",
            "Cannot destructure property '{n}' of 'req.body' as it is undefined",
            "POST /{m}s",
        ),
        ("Error", "connect ECONNREFUSED 10.0.{i}.12:5432", "GET /{n}s/:id"),
        ("Error", "read ECONNRESET", "PUT /{n}s/:id/{m}"),
        (
            "MongoServerError",
            "E11000 duplicate key error collection: {n}s index: {m}_1",
            "POST /{n}s",
        ),
        ("RangeError", "Invalid time value", "format{n}(lib/{m}.js)"),
        ("UnauthorizedError", "jwt expired", "GET /{n}s/{m}"),
        ("PayloadTooLargeError", "request entity too large", "POST /{n}s/{m}"),
        ("AssertionError", "Expected {n} to have {i} {m}s", "check(lib/{n}.js)"),
    ],
    "java-spring": [
        (
            "NullPointerException",
            'Cannot invoke "{n}.get()" because "{m}" is null',
            "{n}.service in find",
        ),
        ("IllegalStateException", "{n} {i} is already closed", "{n}.service in close"),
        (
            "DataIntegrityViolationException",
            "could not execute statement [{n}_{m}_fk]",
            "{n}.store in save",
        ),
        ("SocketTimeoutException", "Read timed out", "{m}.client in request"),
        ("HttpMessageNotReadableException", "JSON parse error: missing {n}", "{n}.api in create"),
        (
            "OptimisticLockException",
            "Row was updated by another transaction: {n}#{i}",
            "{n}.store in update",
        ),
        ("NumberFormatException", 'For input string: "{i},00"', "{m}.parser in amount"),
        ("CircuitBreakerOpenException", "Circuit breaker '{n}-{m}' is OPEN", "{n}.client in call"),
    ],
    "go": [
        ("*errors.errorString", "context deadline exceeded while reading {n}", "{m} in Get{i}"),
        ("runtime.Error", "invalid memory address or nil pointer dereference", "{n} in handle_{m}"),
        ("*net.OpError", "dial tcp: lookup {n}.internal: no such host", "{m} in dial"),
        ("*pq.Error", 'pq: deadlock detected on "{n}s"', "{n} in update_{m}"),
        ("*json.SyntaxError", "invalid character 'x' after {n}", "{n} in decode_{m}"),
        ("*errors.errorString", "{n} {i} has a negative {m}", "{n} in check"),
    ],
    "apple-ios": [
        ("EXC_BAD_ACCESS", "Attempted to dereference null pointer in {n}", "{n}.viewDidLoad"),
        ("SIGABRT", "Index {i} out of range in {m}", "{n}.reload"),
        ("App Hanging", "App hanging for at least 2000 ms.", "{n}.layoutSubviews"),
        ("NSURLErrorDomain", "The request timed out. Code: -1001 ({m})", "{n}.fetch"),
        ("WatchdogTermination", "The OS watchdog terminated your app in {n}", "{m}.background"),
        ("DecodingError", "keyNotFound: '{m}' in {n}", "{n}.decode"),
    ],
}

# What a developer wishes were rarer: texts that break out of careless reports.
CURIOSITIES = [
    'Error: expected ">" but found "<script>alert(1)</script>"',
    "KeyError: '🛒 cart—emoji'",
    "ValueError: 'it''s \"quoted\"', and it has a comma; and a semicolon",
    "TypeError: first line\nsecond line\twith a tab",
    "UnicodeEncodeError: 'latin-1' codec can't encode 'Łódź, 東京, Ελλάδα'",
]

LEVELS = ["error"] * 16 + ["warning"] * 2 + ["fatal", "info"]
PRIORITIES = {
    "fatal": ["high"],
    "error": ["high", "medium", "medium", "medium", "low"],
    "warning": ["medium", "low"],
    "info": ["low"],
}


def invent_error(random: Random, home: Home) -> dict[str, Any]:
    """Return title, culprit and the like of an error that the code of `home` could throw."""
    nouns = home.nouns.split()
    noun, other = random.choice(nouns), random.choice(nouns)
    words = {"n": noun, "m": other, "i": random.randrange(2, 700)}
    kind, value, culprit = (t.format(**words) for t in random.choice(ERRORS[home.platform]))
    level = random.choice(LEVELS)
    return {
        "title": f"{kind}: {value}",
        "culprit": culprit,
        "level": level,
        "priority": random.choice(PRIORITIES[level]),
        "metadata": {"type": kind, "value": value, "filename": culprit.split(" ")[0]},
        "is_unhandled": level == "fatal" or random.random() < 0.3,
    }
