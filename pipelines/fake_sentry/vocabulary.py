"""The words of the sample world: the errors that the code of each kind of project throws."""

from __future__ import annotations

from random import Random
from typing import Any

from pipelines.fake_sentry.company import Home

# type, value, culprit; {n} a noun of the project, {m} another, {ns} and {ms} more of them, {i} a number, {f} a field,
# {code} a status of HTTP, {s} seconds
ERRORS: dict[str, list[tuple[str, str, str]]] = {
    "batch": [
        ("OperationalError", "server closed the connection unexpectedly", "jobs.{n} in load_{ms}"),
        ("SoftTimeLimitExceeded", "{n} took longer than {s} minutes", "jobs.{n}.tasks in run"),
        ("MemoryError", "cannot allocate {i} MiB for {ms}", "jobs.{n} in merge_{ms}"),
        ("JSONDecodeError", "Expecting value: line {i} column 1", "jobs.{m}.files in read_{n}"),
        ("FileNotFoundError", "No such file: '{m}/{ns}-{i}.csv'", "jobs.{m}.files in open_{n}"),
        (
            "ConnectionResetError",
            "[Errno 104] Connection reset by peer",
            "jobs.clients in push_{n}",
        ),
        ("MaxRetriesExceededError", "can't retry {n}_{m} any more", "jobs.{m}.tasks in retry"),
        ("ValueError", "{i} of {ns} have no {m}", "jobs.{n}.checks in verify"),
        ("KeyError", "'{m}_id'", "jobs.{n} in join_{ms}"),
        (
            "UnicodeDecodeError",
            "'utf-8' codec can't decode byte 0xe4 in position {i}",
            "jobs.{m} in read",
        ),
    ],
    "monolith": [
        ("KeyError", "'{n}_id'", "shop.checkout.{ms} in place_order"),
        ("ValidationError", "{n} {i} has no {m}", "shop.checkout.schema in load_{m}"),
        ("IntegrityError", 'duplicate key value violates "{ns}_key"', "shop.checkout.{ns} in save"),
        ("SearchTimeout", "no answer about {ns} within {s} s", "shop.search.client in find_{ns}"),
        ("ValueError", "{n} {i} is in no index", "shop.search.index in rank_{ns}"),
        ("PermissionDenied", "{n} {i} belongs to another {m}", "shop.accounts.views in get_{n}"),
        ("AttributeError", "'NoneType' object has no '{n}'", "shop.accounts.{ns} in merge_{m}"),
        ("SearchTimeout", "no {ns} for the basket in {s} s", "shop.checkout.advice in suggest_{n}"),
        ("OperationalError", "server closed the connection unexpectedly", "shop.db in {n}_{m}"),
        ("TimeoutError", "reading the {n} took longer than {s} s", "shop.middleware in read_{n}"),
    ],
    "python": [
        ("KeyError", "'{n}_id'", "app.{ms}.views in get_{n}"),
        (
            "ValueError",
            "invalid literal for int() with base 10: '{n}-{i}'",
            "app.{ns} in parse_{m}",
        ),
        ("AttributeError", "'NoneType' object has no attribute '{n}'", "app.{ms}.tasks in {n}_{m}"),
        (
            "IntegrityError",
            'duplicate key value violates unique constraint "{ns}_{m}_key"',
            "app.{ns}.models in save",
        ),
        (
            "OperationalError",
            "server closed the connection unexpectedly",
            "app.{ns}.store in find_{m}",
        ),
        ("TimeoutError", "reading the {n} took longer than {s} s", "app.clients.{m} in fetch_{n}"),
        (
            "ConnectionResetError",
            "[Errno 104] Connection reset by peer",
            "app.clients.{n} in send_{m}",
        ),
        (
            "ValidationError",
            "1 validation error for {n}: field '{m}' is required",
            "app.{ns}.schema in load",
        ),
        (
            "TypeError",
            "unsupported operand type(s) for +: 'NoneType' and 'int'",
            "app.{ns}.totals in add_{m}",
        ),
        (
            "UnicodeDecodeError",
            "'utf-8' codec can't decode byte 0xe4 in position {i}",
            "app.{ns}.files in read_{m}",
        ),
        ("PermissionDenied", "{n} {i} belongs to another {m}", "app.{ns}.views in update_{n}"),
    ],
    "javascript-react": [
        ("TypeError", "Cannot read properties of undefined (reading '{f}')", "{n}({m}.tsx)"),
        ("TypeError", "{f}.map is not a function", "render({n}.tsx)"),
        ("ReferenceError", "{m}State is not defined", "use{n}({n}.tsx)"),
        ("ChunkLoadError", "Loading chunk {i} failed.", "load({n}.tsx)"),
        ("Error", "Request failed with status code {code}", "fetch{n}(api/{m}.ts)"),
        ("Error", "Minified React error #418; visit the docs for the full message", "{n}(app.js)"),
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
            "POST /{ms}",
        ),
        ("Error", "connect ECONNREFUSED 10.0.{s}.12:5432", "GET /{ns}/:id"),
        ("Error", "read ECONNRESET", "PUT /{ns}/:id/{m}"),
        (
            "MongoServerError",
            "E11000 duplicate key error collection: {ns} index: {m}_1",
            "POST /{ns}",
        ),
        ("RangeError", "Invalid time value", "format{n}(lib/{m}.js)"),
        ("UnauthorizedError", "jwt expired", "GET /{ns}/{m}"),
        ("PayloadTooLargeError", "request entity too large", "POST /{ns}/{m}"),
        ("AssertionError", "Expected {n} to have {i} {ms}", "check(lib/{n}.js)"),
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
        ("*errors.errorString", "context deadline exceeded while reading {n}", "{m} in Get"),
        ("runtime.Error", "invalid memory address or nil pointer dereference", "{n} in handle_{m}"),
        ("*net.OpError", "dial tcp: lookup {n}.internal: no such host", "{m} in dial"),
        ("*pq.Error", 'pq: deadlock detected on "{ns}"', "{n} in update_{m}"),
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

# What nobody can do much about, and every project has.
NOISE = {
    "App Hanging",
    "ChunkLoadError",
    "CircuitBreakerOpenException",
    "ConnectionResetError",
    "MaxRetriesExceededError",
    "QuotaExceededError",
    "SocketTimeoutException",
    "TimeoutError",
    "UnauthorizedError",
    "*net.OpError",
}
FIELDS = ["id", "items", "name", "price", "status", "total"]
LEVELS = ["error"] * 17 + ["warning"] * 2 + ["info"]
# Phones crash; a batch fails, or warns.
LEVELS_OF = {
    "apple-ios": ["error"] * 7 + ["fatal"] * 2 + ["warning"],
    "batch": ["error"] * 3 + ["warning"],
}
PRIORITIES = {
    "fatal": ["high"],
    "error": ["high", "medium", "medium", "medium", "medium", "low"],
    "warning": ["medium", "low"],
    "info": ["low"],
}


def invent_error(random: Random, home: Home) -> dict[str, Any]:
    """Return title, culprit and the like of an error that the code of `home` could throw."""
    level = random.choice(LEVELS_OF.get(home.kind, LEVELS))
    return _error(random, home, random.choice(ERRORS[home.kind]), level) | {
        "priority": random.choice(PRIORITIES[level])
    }


def invent_noise(random: Random, home: Home) -> dict[str, Any]:
    """Return the same of a warning that is never quite gone."""
    template = random.choice([error for error in ERRORS[home.kind] if error[0] in NOISE])
    return _error(random, home, template, "warning") | {"priority": "low"}


def _error(
    random: Random, home: Home, template: tuple[str, str, str], level: str
) -> dict[str, Any]:
    noun, other = random.sample(home.nouns.split(), 2)
    words = {
        "n": noun,
        "m": other,
        "ns": _plural(noun),
        "ms": _plural(other),
        "i": random.randrange(2, 700),
        "f": random.choice(FIELDS),
        "code": random.choice((400, 401, 403, 409, 422, 429, 500, 502, 503)),
        "s": random.choice((5, 10, 30, 60)),
    }
    kind, value, culprit = (text.format(**words) for text in template)
    return {
        "title": f"{kind}: {value}",
        "culprit": culprit,
        "level": level,
        "metadata": {"type": kind, "value": value, "filename": culprit.split(" ")[0]},
        "is_unhandled": level == "fatal" or random.random() < 0.3,
    }


def _plural(noun: str) -> str:
    if noun.endswith(("ch", "s", "x")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
