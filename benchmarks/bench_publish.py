"""What a publication costs in time and size, against copying the warehouse file.

    python benchmarks/bench_publish.py --issues 1000000

The copy is the floor: bytes moved and made durable, nothing looked at. The made-up warehouse holds each
issue twice, as Sentry returned it and as the mart has it.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import monotonic, process_time

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipelines.publish.versions import sync
from tests.publish.data import Data


def main() -> None:
    """Print one table; the folder is made where it is called from, since /tmp may be memory."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--issues", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        data = Data(Path(folder))
        data.build("run-1", products=1_000, projects=2_000, issues=options.issues, days=90)
        data.change("create table raw_sentry.issues as from marts.fct_issues")
        Console().print(measure(data, options.repeat))


def measure(data: Data, repeat: int) -> Table:
    """Return the medians of each way, and their ratios to the first."""
    copy = data.folder / "copy.duckdb"
    parquet = data.folder / "parquet"

    def copy_warehouse() -> int:
        shutil.copyfile(data.warehouse, copy)
        sync(copy)
        return copy.stat().st_size

    def publish() -> int:
        return data.publish().size_bytes

    def publish_with_parquet() -> int:
        size = data.publish(parquet_folder=parquet).size_bytes
        return size + sum(file.stat().st_size for file in (parquet / "current").iterdir())

    ways = {
        "copy the warehouse file": copy_warehouse,
        "publish": publish,
        "publish, Parquet too": publish_with_parquet,
    }
    table = Table("", "seconds", "CPU seconds", "MB", "time ratio", "size ratio")
    floor: tuple[float, int] | None = None
    for name, way in ways.items():
        seconds, cpu, size = median_of(way, repeat)
        floor = floor or (seconds, size)
        table.add_row(
            name,
            f"{seconds:.2f}",
            f"{cpu:.2f}",
            f"{size / 1e6:.1f}",
            f"{seconds / floor[0]:.1f}",
            f"{size / floor[1]:.2f}",
        )
    return table


def median_of(way: Callable[[], int], repeat: int) -> tuple[float, float, int]:
    """Return the median wall seconds, the median CPU seconds and the bytes written."""
    seconds, cpu, size = [], [], 0
    for _ in range(repeat):
        began, began_cpu = monotonic(), process_time()
        size = way()
        seconds.append(monotonic() - began)
        cpu.append(process_time() - began_cpu)
    return statistics.median(seconds), statistics.median(cpu), size


if __name__ == "__main__":
    main()
