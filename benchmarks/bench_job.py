"""What the whole job needs, `python -m pipelines sync` in a process of its own, from HTTP to the published file.

    python benchmarks/bench_job.py [100000 200000 1000000] [--projects 200]

A first sync, and a full one a day later, after 1 % have changed. For 1,000,000 issues it takes the better part of an
hour.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.bulk_sentry import start_server
from benchmarks.process_tree import Need, run, size

PUBLISHED = "product_health.duckdb"


def main() -> None:
    """Print what the job needs at each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("issues", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--projects", type=int, default=200)
    given = parser.parse_args()
    print(
        "   issues  sync    requests  minutes  memory MiB  largest MiB  disk MB  left: all", end=""
    )
    print("  warehouse  published (MB)")
    for issues in given.issues:
        report(issues, given.projects)


def report(issues: int, projects: int) -> None:
    """Print a line for each of the two syncs."""
    server, orders = start_server(issues, projects, remembers=False)
    url = orders.recv()
    # Where it is called from, since /tmp may be memory.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-job-") as name:
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


if __name__ == "__main__":
    main()
