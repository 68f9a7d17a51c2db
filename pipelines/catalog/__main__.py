"""The commands `check`, `suggest` and `preview`, for people and for CI."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from pipelines.catalog.folders import PUBLISHED, WAREHOUSE, Folders
from pipelines.catalog.reporting import check_with_published, report
from pipelines.catalog.suggesting import suggest
from pipelines.preview.preview import preview

COMMANDS = {
    "check": "Say everything that is wrong with the CSV files.",
    "suggest": "Print mapping rows for the projects that have no product yet.",
    "preview": "Show what the CSV files would change in what is published, and change nothing.",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; gives 0, or 1 if the catalog has errors or there is nothing to read."""
    options = _parser().parse_args(arguments)
    # A value can hold any character; not every terminal can show it.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    seeds, data = options.seeds.expanduser(), options.data.expanduser()
    published = data / PUBLISHED
    if options.command == "check":
        checked, compared = check_with_published(seeds, published)
        report(checked, seeds, compared)
        return 1 if checked.errors else 0
    if options.command == "suggest":
        return suggest(seeds, published)
    return preview(seeds, data / WAREHOUSE, published, as_markdown=options.markdown)


def _parser() -> argparse.ArgumentParser:
    folders = Folders()
    parser = argparse.ArgumentParser(prog="python -m pipelines.catalog", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--seeds",
            type=Path,
            metavar="DIR",
            default=folders.seeds_dir,
            help="folder of the CSV files (SEEDS_DIR, or seeds)",
        )
        command.add_argument(
            "--data",
            type=Path,
            metavar="DIR",
            default=folders.data_dir,
            help=f"folder of {PUBLISHED} (DATA_DIR, or data)",
        )
    commands.choices["preview"].add_argument(
        "--markdown", action="store_true", help="for the comment of a pull request"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough: no reason to complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
