"""How much memory and time it takes to refuse bombs, drips and listings that never end, with the bounds as they are.

    python benchmarks/soak_hostile.py [--pages 20000]

Each case is one sync in a process of its own, of five requests at once. Exits with 1 if one took more than 1 GiB, or
did not end in a clear error of the organization.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.fake_sentry.sentry_world import SentryWorld
from pipelines.sentry import bounds
from tests.sentry.hostile_sentry import Change, HostileSentry, Raw, body, endless
from tests.sentry.syncing import Server, SyncedWarehouse

MB = 1024**2
# Five at once: five projects, whose listings follow a question that went well.
LISTING = r"issues/\?.*limit=100"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def cases(project: str) -> dict[str, Callable[[], Change | Raw]]:
    """Return what answers the listings, by name; made only when its turn comes."""

    def rows(page: int) -> list[Any]:
        return [
            {
                "id": f"9{page:06}{number:02}",
                "title": f"ValueError: {page} {number}",
                "status": "unresolved",
                "project": {"id": project},
                "count": "1",
                "lifetime": {"count": 1, "lastSeen": "2026-11-01T00:00:00Z"},
                "stats": {"14d": [[1793491200 - 86400 * day, 1] for day in range(14)]},
                "metadata": {"value": "x" * 200},
            }
            for number in range(100)
        ]

    def packed(content: bytes) -> Change:
        return body(gzip.compress(content), Content_Encoding="gzip")

    return {
        "a bomb: 1 GB of blanks in 1 MB": lambda: packed(b" " * (1024 * MB)),
        "just too long": lambda: body(b" " * (33 * MB)),
        "just short enough: empty objects": lambda: body(b"[" + b"{}," * 499_000 + b"{}]"),
        "just short enough: numbers": lambda: body(b"[" + b"1.5," * 990_000 + b"1]"),
        "just short enough: a wide text": lambda: packed(
            b'["' + "\U0001f600".encode() + b"x" * (31 * MB) + b'"]'
        ),
        "a byte a second": lambda: Raw(CHUNKED, b"1\r\n \r\n", 1.0),
        "pages of the same rows": lambda: endless(lambda page: rows(1), lambda page: page),
        "pages without an end": lambda: endless(rows, lambda page: page),
    }


def world() -> tuple[SentryWorld, str]:
    """Return one organization of five projects, and the id of one."""
    sentry = SentryWorld()
    acme = sentry.create_organization("acme")
    projects = [sentry.create_project(acme, f"acme-{number}") for number in range(5)]
    for project in projects:
        sentry.create_issue(project, "ValueError: 1")
    return sentry, projects[0].id


def sync(url: str, pages: int, results: Any) -> None:
    """Sync once, and report the seconds, the most memory in bytes and what the organization failed with."""
    bounds.LISTING_PAGES = pages
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        warehouse = SyncedWarehouse(Path(folder), Server(url), ["acme"])
        try:
            failure = str(warehouse.quick_sync().failures.get("acme"))
        except Exception as error:
            failure = str(error)
    # Not getrusage, which begins with what the parent had.
    status = Path("/proc/self/status").read_text()
    most = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    results.put((time.monotonic() - started, most, failure))


def main() -> int:
    """Return 0 if each case stayed below 1 GiB and was refused."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pages", type=int, default=bounds.LISTING_PAGES)
    pages = parser.parse_args().pages
    processes = multiprocessing.get_context("spawn")
    is_fine = True
    for name in cases(""):
        sentry, project = world()
        with HostileSentry(sentry, [(LISTING, cases(project)[name]())]) as server:
            results = processes.SimpleQueue()
            child = processes.Process(target=sync, args=(server.url, pages, results))
            child.start()
            seconds, most, failure = results.get()
            child.join()
        is_fine &= most < 1024 * MB and "acme" in failure
        print(f"{name}: {seconds:.1f} s, {most / MB:,.0f} MB: {failure[:160]}", flush=True)
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
