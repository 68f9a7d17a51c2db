"""A fake Sentry with many issues in a process of its own, which changes some and tells what it was asked."""

from __future__ import annotations

import gc
import multiprocessing
import random
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any, ClassVar

LATENCY, OPEN, CHANGED = 0.05, 0.2, 0.01  # seconds an answer takes; shares of the issues
HOURS = {"change": 3, "change in a day": 25}


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
