"""Twenty readers of the pages while 200 publications follow one another: no error, and no page of two publications.

    python benchmarks/soak_pages.py
    python benchmarks/soak_pages.py --publications 20 --readers 5

The time that a publication is of, its number of open issues and its events of a day all tell which one it is. A page
that shows the time of one and a number of another fails the soak, as does any answer but 200.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import threading
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic

import duckdb
import requests

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.pages.app import create_app
from pipelines.pages.serving import served
from pipelines.settings import Settings
from tests.publish.data import Data, published_at

AS_OF = re.compile(r"As of <time datetime=\"([^\"]+)Z\"")
# Where a page shows the number of the publication.
STAMPS = {
    "/products/?view=flat": re.compile(r'status=unresolved"><data value="(\d+)">'),
    "/products/product-0": re.compile(r'status=unresolved"><b><data value="(\d+)">'),
    "/products/product-0/days/": re.compile(r'</time></th><td class="number"><data value="(\d+)">'),
}


def main() -> int:
    """Return 0 if every page was whole."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--publications", type=int, default=200)
    parser.add_argument("--readers", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="soak-pages-") as folder:
        return soak(Data(Path(folder)), options.publications, options.readers)


def soak(data: Data, publications: int, readers: int) -> int:
    """Publish beside the readers, and print what they saw."""
    data.build("run-0", issues=5_000, days=90)
    publish_next(data, 0)
    done, failures, seen = threading.Event(), list[str](), list[tuple[int, float]]()
    app = create_app(Settings(_env_file=None, data_dir=data.folder))
    with served(app) as url:
        threads = [
            threading.Thread(target=read, args=(url, number, done, failures, seen))
            for number in range(readers)
        ]
        began = monotonic()
        for thread in threads:
            thread.start()
        for number in range(1, publications + 1):
            publish_next(data, number)
        done.set()
        for thread in threads:
            thread.join()
        minutes = (monotonic() - began) / 60
    times = [seconds for _, seconds in seen]
    p95 = statistics.quantiles(times, n=20)[-1]
    print(f"{publications} publications in {minutes:.1f} minutes, {readers} readers")
    print(f"{len(seen)} pages of {len({number for number, _ in seen})} publications")
    print(f"p95 {p95 * 1000:.0f} ms, slowest {max(times) * 1000:.0f} ms, {len(failures)} failures")
    print(*failures[:10], sep="\n")
    return 1 if failures else 0


def publish_next(data: Data, number: int) -> None:
    """Publish the warehouse once more, stamped with the number."""
    with duckdb.connect(str(data.warehouse)) as db:
        db.execute("update marts.product_overview set unresolved_issues = ?", [number])
        db.execute("update marts.product_daily set event_count = ?", [number])
        as_of = published_at() + timedelta(minutes=number)
        db.execute("update marts.organization_freshness set synced_at = ?", [as_of])
    data.publish("run-0", hours=number)


def read(
    url: str,
    number: int,
    done: threading.Event,
    failures: list[str],
    seen: list[tuple[int, float]],
) -> None:
    """Read the pages in turn until it is done."""
    addresses = list(STAMPS)
    with requests.Session() as session:
        while not done.is_set():
            address = addresses[number % len(addresses)]
            number += 1
            began = monotonic()
            try:
                answer = session.get(url + address, timeout=60)
            except requests.RequestException as error:
                failures.append(f"{address}: {error}")
                continue
            if answer.status_code != 200:
                failures.append(f"{address}: {answer.status_code} {answer.text[:300]}")
                continue
            [as_of] = AS_OF.findall(answer.text)
            stamps = set(STAMPS[address].findall(answer.text))
            expected = (datetime.fromisoformat(as_of) - published_at()) / timedelta(minutes=1)
            if stamps != {f"{expected:.0f}"}:
                failures.append(f"{address}: of {expected:.0f}, shows {sorted(stamps)}")
            seen.append((int(expected), monotonic() - began))


if __name__ == "__main__":
    sys.exit(main())
