"""Twenty programs read over SQLAlchemy while publications follow one another without a pause.

    python benchmarks/soak_publish.py --minutes 5 --readers 20

Exits with 1 when a reader met an error, saw two publications on one connection, or never got the last
one, or when a publication failed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.publish.data import Data, published_at
from tests.publish.readers import WAYS, Sightings, read_until_last


def main() -> int:
    """Return 0 if nobody met an error."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--readers", type=int, default=20)
    parser.add_argument("--issues", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return soak(Data(Path(folder)), options)


def soak(data: Data, options: argparse.Namespace) -> int:
    """Publish without a pause beside the readers, and print what happened."""
    processes = multiprocessing.get_context("spawn")
    published_all, reports = processes.Event(), processes.SimpleQueue()
    seconds = [publish_next(data, 0, options.issues)]
    readers = [
        processes.Process(
            target=read_until_last,
            args=(data.target, WAYS[number % len(WAYS)], published_all, 60, reports),
        )
        for number in range(options.readers)
    ]
    for reader in readers:
        reader.start()
    end = monotonic() + options.minutes * 60
    while monotonic() < end:
        seconds.append(publish_next(data, len(seconds), options.issues))
    published_all.set()
    found: list[Sightings] = [reports.get() for _ in readers]
    for reader in readers:
        reader.join()
    print(
        f"{len(seconds)} publications, none failed; median {sorted(seconds)[len(seconds) // 2]:.2f} s, "
        f"slowest {max(seconds):.2f} s"
    )
    for way in WAYS:
        of_way = [report for report in found if report.way == way]
        print(
            f"{way}: {len(of_way)} readers, {sum(r.reads for r in of_way)} reads, "
            f"{sum(len(r.publications) for r in of_way)} changes of publication seen, "
            f"slowest read {max(r.slowest_seconds for r in of_way):.2f} s, "
            f"{sum(len(r.errors) for r in of_way)} errors"
        )
    errors = [error for report in found for error in report.errors]
    print(*errors[:10], sep="\n")
    return 1 if errors else 0


def publish_next(data: Data, number: int, issues: int) -> float:
    """Build the next state of the warehouse and return how long its publication took, in seconds."""
    run_id = f"run-{number:06}"
    data.build(run_id, as_of=published_at() + timedelta(minutes=number), issues=issues)
    began = monotonic()
    data.publish(run_id, hours=number)
    return monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
