"""What a sync costs, against what it must cost at least.

    python benchmarks/bench_extract.py [--issues 100000] [--projects 200]

A fake Sentry in a process of its own answers after 50 ms; a fifth of its issues is open. What it has been asked
before it answers from memory, so that its own work is not measured. The first sync is compared with the floor
(requests x latency / parallel requests), beside a bare client that asks the same and throws the replies away, and must
stay below 1.3 of it up to the load step (for 100,000 issues; a few seconds are always the same). Then 1 % of the issues
change, and an ordinary sync may take ceil(E/100) + ceil(U/100) + ceil(D/100) requests plus a constant per organization
and project page: E issues had events, U are open, D were open and are no longer. The activity lists of the issues whose
status changed, one request each, come on top.

    python benchmarks/bench_extract.py --production

With all that is optional on. Of the E and the U, p are in production: ceil(p/100) requests more for each, and one for
each hundred projects and days with events there. First releases of issues come on top, some 200 requests a sync.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.bulk_sentry import CHANGED, LATENCY, start_server

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

CONCURRENCY = 5
MOST_OVER_FLOOR, MOST_MEMORY = 1.3, 1024  # ratio, MiB
# Requests of an ordinary sync that do not grow with the issues: organization, detection, the pages of projects and
# teams, two days of counts, and one unfinished page for each of the parallel slices.
CONSTANT = 40
# The same for all that is optional: environments, releases, sessions, users of three products, slices once more.
CONSTANT_OF_OPTIONAL = 30
OPTIONAL = (
    "first releases",
    "hot in production",
    "open in production",
    "days in production",
    "releases, sessions, environments",
    "users",
)


def kind_of(asked: str) -> str:
    """Return what a request was for."""
    path, _, query = asked.partition("?")
    if path.endswith("/activities/"):
        return "activities"
    if path.endswith("/first-last-release/") or "issue.id" in query:
        return "first releases"
    if "to_day" in query:
        return "days in production"
    if "count_unique" in query:
        return "users"
    if path.endswith(("/releases/", "/sessions/", "/environments/")):
        return "releases, sessions, environments"
    if not path.endswith("/issues/"):
        return "counts" if "stats" in path else "directory"
    if "group=" in query:
        return "by id"
    if "environment=" in query:
        return "open in production" if "unresolved" in query else "hot in production"
    if "limit=1&" in query + "&":
        return "detection"
    return "open" if "unresolved" in query else "listing"


def fetch(url: str, asked: list[str], result: Connection) -> None:
    """Send the seconds that a bare client takes to ask the same and throw the replies away."""
    import requests

    from pipelines.fake_sentry.server import TOKEN

    def some(share: list[str]) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {TOKEN}"
            for address in share:
                session.get(url + address, timeout=60)

    started = time.monotonic()
    with ThreadPoolExecutor(CONCURRENCY) as threads:
        list(threads.map(some, [asked[n::CONCURRENCY] for n in range(CONCURRENCY)]))
    result.send(time.monotonic() - started)


def everything(projects: int) -> dict[str, Any]:
    """Return the options that ask for all that is optional."""
    from pipelines.sentry.read.product_users import ProductProjects

    ids = [str(4_500_101 + number) for number in range(projects)]
    halves = ProductProjects("a", frozenset(ids[::2])), ProductProjects("b", frozenset(ids[1::2]))
    users_of = (ProductProjects("all", frozenset(ids)), *halves)
    return {"environments": ("production",), "users_of": users_of}


def sync(url: str, folder: Path, run_id: str, chosen: dict[str, Any], result: Connection) -> None:
    """Sync once in this process and send what it cost."""
    import pyarrow.parquet as pq

    from pipelines.fake_sentry.server import TOKEN
    from pipelines.sentry.http.session import SentrySession
    from pipelines.sentry.options import Options
    from pipelines.sentry.sync import Sync
    from pipelines.warehouse.load import load

    class Timed(SentrySession):
        last_reply = 0.0

        def send(self, request: Any, **options: Any) -> Any:
            response = super().send(request, **options)
            self.last_reply = time.monotonic()
            return response

    folder.mkdir(exist_ok=True)
    path = folder / "warehouse.duckdb"
    session = Timed(TOKEN, CONCURRENCY)
    options = Options(concurrency=CONCURRENCY, **chosen)
    work = Sync(session, url, run_id, path, folder / "changes", ["bulk-1"], options)
    started, spent = time.monotonic(), sum(os.times()[:2])
    load(path, folder / "dlt", {})
    begun = time.monotonic()
    loads = work.loads()
    files = next(loads)
    extracted, cpu = time.monotonic(), sum(os.times()[:2]) - spent
    load(path, folder / "dlt", files)
    (row,) = pq.read_table(files["organization_syncs"]).to_pylist()
    loads.close()
    result.send(
        {
            "reading": session.last_reply - begun,
            "extract": extracted - begun,
            "load": time.monotonic() - extracted,
            "prepare": begun - started,
            "cpu": cpu,
            "requests": session.traffic.counts().requests,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "mode": row["mode"],
            "new": row["issues_new"],
            "changed": row["issues_changed"],
        }
    )


def main() -> int:
    """Run both syncs, print the figures, and return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--issues", type=int, default=100_000)
    parser.add_argument("--projects", type=int, default=200)
    parser.add_argument("--production", action="store_true")
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    server, orders = start_server(given.issues, given.projects, remembers=True)
    url = orders.recv()

    def measure(call: Callable[..., None], *arguments: Any) -> Any:
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=call, args=(url, *arguments, send))
        process.start()
        result = receive.recv()
        process.join()
        return result

    def asked() -> list[str]:
        orders.send("asked")
        return orders.recv()

    with tempfile.TemporaryDirectory() as name:
        before, folder = Path(name, "before"), Path(name, "measured")
        chosen = everything(given.projects) if given.production else {}
        measure(sync, before, "before", chosen)  # lets the fake Sentry prepare its replies
        bare = measure(fetch, asked())
        asked()
        first, first_kinds = measure(sync, folder, "first", chosen), Counter(map(kind_of, asked()))
        orders.send("change")
        sizes = orders.recv()
        second, second_kinds = (
            measure(sync, folder, "second", chosen),
            Counter(map(kind_of, asked())),
        )
    orders.send("stop")
    server.join(10)

    is_quick = report_first(bare, first, first_kinds)
    is_small = report_second(sizes, second, second_kinds)
    return 0 if is_quick and is_small else 1


def report_first(bare: float, cost: dict[str, Any], kinds: Counter[str]) -> bool:
    """Print the first sync against its floor."""
    floor = cost["requests"] * LATENCY / CONCURRENCY
    ratio = cost["extract"] / floor
    kept = ratio <= MOST_OVER_FLOOR and cost["memory"] < MOST_MEMORY
    parallel = f"{LATENCY * 1000:.0f} ms / {CONCURRENCY}"
    print(f"First sync of {cost['new']:,} issues, {CONCURRENCY} requests at once")
    print(f"  requests               {cost['requests']:8,}   {kinds_of(kinds)}")
    print(f"  floor                  {floor:8.1f} s = requests x {parallel}")
    print(f"  bare client            {bare:8.1f} s, {bare / floor:.2f} of the floor")
    print(f"  reading                {cost['reading']:8.1f} s, {cost['reading'] / floor:.2f}")
    print(
        f"  up to the load step    {cost['extract']:8.1f} s, {ratio:.2f} (at most {MOST_OVER_FLOOR})"
    )
    print(f"  the load step adds     {cost['load']:8.1f} s")
    print(f"  CPU for it             {cost['cpu']:8.1f} s")
    print(
        f"  peak memory            {cost['memory']:8.0f} MiB (at most {MOST_MEMORY})   {said(kept)}\n"
    )
    return kept


def report_second(sizes: dict[str, int], cost: dict[str, Any], kinds: Counter[str]) -> bool:
    """Print the ordinary sync against its bound."""
    wanted = sizes if kinds["open in production"] else {name: sizes[name] for name in "EUD"}
    pages = {name: math.ceil(size / 100) for name, size in wanted.items()}
    needed = sum(count for kind, count in kinds.items() if kind not in OPTIONAL)
    activities, releases = kinds.pop("activities", 0), kinds.pop("first releases", 0)
    bound = sum(pages.values())
    used = sum(kinds.values())
    constant = CONSTANT + (CONSTANT_OF_OPTIONAL if "Up" in pages else 0)
    kept = used <= bound + constant
    print(
        f"Ordinary sync ({cost['mode']}) after {CHANGED:.0%} changed: {cost['changed']:,} rows changed"
    )
    for name, meaning, kind in (
        ("E", "had events", "listing"),
        ("U", "are open", "open"),
        ("D", "were open", "by id"),
        ("Ep", "E in production", "hot in production"),
        ("Up", "U in production", "open in production"),
        ("Days", "of projects there", "days in production"),
    ):
        if name not in pages:
            continue
        print(
            f"  {name:4} = {sizes[name]:7,} {meaning:17} ceil({name}/100) = {pages[name]:4}   asked {kinds[kind]:4}"
        )
    for kind in ("users", "releases, sessions, environments"):
        print(f"  {kind}: {kinds[kind]}")
    rest = needed - activities - sum(kinds[kind] for kind in ("listing", "open", "by id"))
    print(f"  organization, detection, projects, teams, daily counts: {rest}")
    print(f"  requests               {used:8,}   bound {bound} + {constant}   {said(kept)}")
    print(f"  without the optional   {needed - activities:8,}")
    print(f"  activity lists apart   {activities:8,}")
    print(f"  first releases apart   {releases:8,}")
    print(f"  reading                {cost['reading']:8.1f} s")
    print(f"  up to the load step    {cost['extract']:8.1f} s")
    print(f"  the load step adds     {cost['load']:8.1f} s")
    print(f"  peak memory            {cost['memory']:8.0f} MiB")
    return kept


def kinds_of(kinds: Counter[str]) -> str:
    """Return the counts as text, largest first."""
    return ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())


def said(kept: bool) -> str:
    """Return the verdict."""
    return "ok" if kept else "TOO MUCH"


if __name__ == "__main__":
    sys.exit(main())
