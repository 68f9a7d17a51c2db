"""The pages over 2,000 products and 1,000,000 issues: twenty readers at once, first paint, bytes over the wire.

    python benchmarks/bench_pages.py                  # makes the data first: some minutes, 3 GB of disk
    python benchmarks/bench_pages.py --file FILE      # over a published file that is there

Anew: each request asks for what nobody has asked for yet (another page, order or product). Again: all ask for the same.
The twenty readers share the machine with the server. First paint needs Chromium and Playwright, which
`make test-browser` installs.
"""

from __future__ import annotations

import argparse
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import requests
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

import bench_models

from pipelines.pages.products import PRODUCTS as LISTED_PRODUCTS
from pipelines.publish import publish
from pipelines.warehouse import run_log

PRODUCTS, ISSUES, READERS, SECONDS = 2_000, 1_000_000, 20, 10
MOST_BYTES = 100_000  # of the overview with all that it needs
SERVER = (
    "import sys, uvicorn; from pathlib import Path; from pipelines.pages.app import create_app;"
    " from pipelines.settings import Settings;"
    " app = create_app(Settings(_env_file=None, data_dir=Path(sys.argv[1]).parent));"
    " uvicorn.run(app, port=int(sys.argv[2]), log_level='error', access_log=False)"
)
console = Console(width=120)


def main() -> int:
    """Print the tables; 1 where the overview takes more bytes than it may."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--issues", type=int, default=ISSUES)
    options = parser.parse_args()
    # Where it is called from, since /tmp may be memory.
    with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix="bench-pages-") as name:
        file = options.file or made(Path(name), PRODUCTS, options.issues)
        with served(file) as url:
            bytes_sent = overview_bytes(url)
            console.print(speed(url))
            first_paint(url)
    console.print(
        f"The overview, a page of 100 products with all that it needs: {bytes_sent:,} bytes"
    )
    return 0 if bytes_sent < MOST_BYTES else 1


def made(folder: Path, products: int, issues: int) -> Path:
    """Build and publish a warehouse of this size."""
    bench_models.parse(folder)
    data = folder / "data"
    bench_models.make(data, issues, folder / "target", products=products)
    warehouse, target = data / "warehouse.duckdb", folder / "product_health.duckdb"
    run_log.begin_run(warehouse, target, run_id="run-0", started_at=bench_models.AS_OF)
    bench_models.run_dbt(data, *bench_models.NO_TESTS)
    publish(
        warehouse,
        target,
        run_id="run-0",
        published_at=bench_models.AS_OF + timedelta(minutes=5),
    )
    shutil.rmtree(data)
    return target


@contextmanager
def served(file: Path) -> Iterator[str]:
    """Serve the pages in a process of their own."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(file), str(port)])
    url = f"http://127.0.0.1:{port}"
    try:
        while not answers(url):
            sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def answers(url: str) -> bool:
    """Say whether the pages can be read yet."""
    try:
        return requests.get(f"{url}/healthz", timeout=30).ok
    except requests.ConnectionError:
        return False


def speed(url: str) -> Table:
    """Return how fast each page is for twenty readers, anew and again."""
    sorts = [column.name for column in LISTED_PRODUCTS.columns if column.is_sorted]
    lists = [
        f"page={page}&sort={sign}{column}"
        for column in sorts
        for sign in ("", "-")
        for page in range(1, 21)
    ]
    pages = {
        "overview": [f"/products/?{asked}" for asked in lists],
        "product list": [f"/products/?view=flat&{asked}" for asked in lists],
        "issue list": [f"/issues/?page={page}" for page in range(1, 5000)],
        "issues of a product": [
            f"/issues/?product=product-{number}&status=unresolved" for number in range(1, PRODUCTS)
        ],
        "product": [f"/products/product-{number}" for number in range(1, PRODUCTS)],
    }
    table = Table(
        "page",
        *(
            f"{how}, {what}"
            for how in ("anew", "again")
            for what in ("p50 ms", "p95 ms", "per s", "refused")
        ),
    )
    for name, addresses in pages.items():
        again = [addresses[0]] * 20_000
        table.add_row(name, *measured(url, addresses[1:]), *measured(url, again))
    return table


def measured(url: str, addresses: list[str]) -> tuple[str, str, str, str]:
    """Return the median and 95th percentile in milliseconds, requests per second, and how many were refused."""
    began_all = monotonic()
    end = began_all + SECONDS
    waiting, refused = deque(addresses), list[int]()

    def read() -> list[float]:
        found = []
        with requests.Session() as session:
            while waiting and monotonic() < end:
                began = monotonic()
                answer = session.get(url + waiting.popleft(), timeout=60)
                refused.extend([answer.status_code] * (not answer.ok))
                found.append((monotonic() - began) * 1000)
        return found

    with ThreadPoolExecutor(READERS) as pool:
        times = [
            each for one in [pool.submit(read) for _ in range(READERS)] for each in one.result()
        ]
    p95 = statistics.quantiles(times, n=20)[-1]
    return (
        f"{statistics.median(times):.0f}",
        f"{p95:.0f}",
        f"{len(times) / (monotonic() - began_all):.0f}",
        f"{len(refused)}",
    )


def overview_bytes(url: str) -> int:
    """Return the bytes of the overview and of the files that it names, as they are sent."""
    page = requests.get(f"{url}/products/", timeout=60).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    sent = 0
    for address in ["/products/", *files]:
        with requests.get(url + address, stream=True, timeout=60) as answer:
            sent += len(answer.raw.read(decode_content=False))
    return sent


def first_paint(url: str) -> None:
    """Print when Chromium has painted the overview first: after it was opened cold, and once more."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        console.print("No first paint: Playwright is not installed.")
        return
    program = shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for address in ("/products/", "/products/product-1", "/issues/"):
            times = []
            for _ in range(5):
                # What waits here is a script in a string, which the pages' policy refuses.
                page = browser.new_page(bypass_csp=True)
                page.goto(url + address, wait_until="load")
                page.wait_for_function(
                    "performance.getEntriesByName('first-contentful-paint').length"
                )
                times.append(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    )
                )
                page.close()
            console.print(
                f"First paint of {address}: {times[0]:.0f} ms, then {statistics.median(times[1:]):.0f} ms"
            )
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
