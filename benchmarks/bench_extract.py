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
each hundred projects and days with events there. First releases of issues come on top, at most 200 requests a sync.

    python benchmarks/bench_extract.py --jobs 100000 200000 1000000

What the whole job needs, `python -m pipelines sync` in a process of its own, from HTTP to the published file: a first
sync, and a full one a day later, after 1 % have changed. For 1,000,000 issues it takes the better part of an hour.
"""

from __future__ import annotations

import argparse
import gc
import math
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.process_tree import Need, run, size

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")

LATENCY, CONCURRENCY, OPEN, CHANGED = 0.05, 5, 0.2, 0.01
MOST_OVER_FLOOR, MOST_MEMORY = 1.3, 1024  # ratio, MiB
# Requests of an ordinary sync that do not grow with the issues: organization, detection, the pages of projects and
# teams, two days of counts, and one unfinished page for each of the parallel slices.
CONSTANT = 40
# The same for all that is optional: environments, releases, sessions, users of three products, slices once more.
CONSTANT_OF_OPTIONAL = 30
PUBLISHED = "product_health.duckdb"
HOURS = {"change": 3, "change in a day": 25}


def serve(orders: Connection, issues: int, projects: int, *, remembers: bool) -> None:
    """Play Sentry; answer each order with what was asked since the last, and what is true now."""
    from pipelines.fake_sentry.bulk import bulk_world
    from pipelines.fake_sentry.server import FakeSentry

    class Remembering(FakeSentry):
        """Sends what it has sent before, so that its own work is not measured."""

        replies: ClassVar[dict[bytes, Any]] = {}

        def _answer(self, scope: Any, *others: Any) -> Any:
            asked = scope["raw_path"] + scope["query_string"]
            if not remembers:
                return super()._answer(scope, *others)
            if asked not in self.replies:
                self.replies[asked] = super()._answer(scope, *others)
            return self.replies[asked]

    world = bulk_world(issues, projects, OPEN)
    gc.freeze()
    with Remembering(world, "self-hosted", latency=LATENCY) as fake_sentry:
        orders.send(fake_sentry.url)
        while (order := orders.recv()) != "stop":
            if order in HOURS:
                with fake_sentry.lock:
                    orders.send(change(world, int(issues * CHANGED), HOURS[order]))
                    fake_sentry.replies.clear()
            else:
                orders.send([f"{r.path}?{r.query}" for r in fake_sentry.requests])
            fake_sentry.requests.clear()


def change(world: Any, count: int, hours: int) -> dict[str, int]:
    """Move some hours on; give three fifths of `count` issues events, resolve two fifths of them without any."""
    rng = random.Random(1)
    was_open = {i.id for i in world.issues.values() if i.status == "unresolved"}
    world.advance(hours=hours)
    seen = set(rng.sample(sorted(world.issues), count * 3 // 5))
    for issue_id in sorted(seen):
        at = world.clock - timedelta(seconds=rng.randrange(1, 7200))
        issue = world.issues[issue_id]
        world.add_events(issue, 1, at=at, environment=issue.events[0].environment)
    for issue_id in rng.sample(sorted(was_open - seen), count * 2 // 5):
        world.resolve(world.issues[issue_id])
    is_open = {i.id for i in world.issues.values() if i.status == "unresolved"}
    there = {i.id for i in world.issues.values() if i.events[0].environment == "production"}
    days = {
        (issue.project.id, event.at.date())
        for issue in map(world.issues.get, there)
        for event in issue.events[-2:]
        if event.at >= world.clock - timedelta(days=2, hours=hours, minutes=world.clock.hour * 60)
    }
    sizes = {"E": len(seen), "U": len(is_open), "D": len(was_open - is_open)}
    return sizes | {"Ep": len(seen & there), "Up": len(is_open & there), "Days": len(days)}


def kind_of(asked: str) -> str:
    """Return what a request was for."""
    path, _, query = asked.partition("?")
    if path.endswith("/activities/"):
        return "activities"
    if path.endswith("/first-last-release/") or "issue.id" in query:
        return "first releases"
    if "to_day" in query:
        return "days in production"
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
    parser.add_argument("--jobs", type=int, nargs="+", metavar="ISSUES")
    given = parser.parse_args()
    if given.jobs:
        report_jobs(given.jobs, given.projects)
        return 0
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


def start_server(issues: int, projects: int, *, remembers: bool) -> tuple[Any, Connection]:
    """Return the process of a fake Sentry, and what takes orders to it; its first answer is its address."""
    context = multiprocessing.get_context("spawn")
    orders, answers = context.Pipe()
    server = context.Process(
        target=serve,
        args=(answers, issues, projects),
        kwargs={"remembers": remembers},
        daemon=True,
    )
    server.start()
    return server, orders


def report_jobs(sizes: Sequence[int], projects: int) -> None:
    """Print what the whole job needs at each size."""
    print(
        "   issues  sync    requests  minutes  memory MiB  largest MiB  disk MB  left: all", end=""
    )
    print("  warehouse  published (MB)")
    for issues in sizes:
        server, orders = start_server(issues, projects, remembers=False)
        url = orders.recv()
        # Where it is called from, since /tmp may be memory.
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-extract-") as name:
            data = Path(name)
            for sync in ("first", "full"):
                need = run_job(url, data)
                orders.send("asked")
                requests = len(orders.recv())
                left = [size(data / file) for file in ("", "warehouse.duckdb", PUBLISHED)]
                print(
                    f"{issues:9,}  {sync:5}  {requests:9,}  {need.seconds / 60:7.1f}  {need.memory:10,.0f}  "
                    f"{need.largest:11,.0f}  {need.disk:7,.0f}  {left[0]:9,.0f}  {left[1]:9,.0f}  {left[2]:9,.0f}",
                    flush=True,
                )
                orders.send("change in a day")
                orders.recv()
        orders.send("stop")
        server.join(10)


def run_job(url: str, data: Path) -> Need:
    """Run the job once and return what it needed."""
    from pipelines.fake_sentry.server import TOKEN

    settings = {
        "SENTRY_URL": url,
        "SENTRY_AUTH_TOKEN": TOKEN,
        "SENTRY_ORG": "bulk-1",
        "DATA_DIR": str(data),
        "PUBLISH_KEEP": "0",
    }
    return run([sys.executable, "-m", "pipelines", "sync"], data, settings)


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
    counted = ("listing", "open", "by id", "hot in production", "open in production")
    rest = used - sum(kinds[kind] for kind in (*counted, "days in production"))
    print(f"  constant: organization, detection, projects, teams, daily counts: {rest}")
    print(f"  requests               {used:8,}   bound {bound} + {constant}   {said(kept)}")
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
