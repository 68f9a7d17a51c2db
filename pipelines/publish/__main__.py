"""What is published, what is kept, and the way back to it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dotenv import dotenv_values
from rich.console import Console
from rich.table import Column, Table

from pipelines.publish import PublishError, publications, restore

ROOT = Path(__file__).parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Return 0, or 1 after a message when it could not be done."""
    options = _parser().parse_args(arguments)
    target = options.data_dir / "product_health.duckdb"
    parquet_folder = options.data_dir / "product_health_parquet"
    try:
        if options.command == "restore":
            restored = restore(target, options.label, parquet_folder=parquet_folder)
            print(f"{target} is now the publication of {restored.published_at:%Y-%m-%d %H:%M} UTC.")
        Console().print(_listing(target))
    except PublishError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    settings = {**dotenv_values(ROOT / ".env"), **os.environ}
    parser = argparse.ArgumentParser(prog="python -m pipelines.publish", description=__doc__)
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=ROOT / Path(settings.get("DATA_DIR") or "data").expanduser(),
        help="folder of product_health.duckdb (default: DATA_DIR, or data)",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="show the current publication and those kept")
    back = commands.add_parser("restore", help="put an earlier publication back")
    back.add_argument(
        "label",
        nargs="?",
        metavar="PUBLISHED",
        help="which one, as listed (default: the one before the current)",
    )
    return parser


def _listing(target: Path) -> Table:
    table = Table(
        Column("published", no_wrap=True),
        "data as of (UTC)",
        Column("run", overflow="fold"),
        "MB",
        "",
    )
    for publication in publications(target):
        table.add_row(
            publication.label,
            f"{publication.as_of:%Y-%m-%d %H:%M}",
            publication.run_id,
            f"{publication.size_bytes / 1e6:.1f}",
            "current" if publication.path == target else "",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
