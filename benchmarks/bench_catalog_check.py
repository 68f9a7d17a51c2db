"""How long the check of a big catalog takes, against the floor: `csv.reader` over the same files.

    python benchmarks/bench_catalog_check.py

10,000 products in trees 50 deep, 50,000 mapping rows (a fifth of them globs) and 50,000 known projects.
`clean` has no mistakes; in `broken` every tenth row of both files has one, so that the suggestions are paid for too.
CPU seconds (one thread), the best of five runs each; the target is under 2.
"""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.catalog import SentryProject, check

PRODUCTS, MAPPINGS, DEPTH, RUNS = 10_000, 50_000, 50, 5
WORDS = [
    "cart",
    "check",
    "data",
    "edge",
    "flow",
    "grid",
    "hub",
    "ink",
    "jet",
    "key",
    "log",
    "map",
    "node",
    "order",
    "pay",
    "queue",
]


def write(folder: Path, *, broken: bool) -> list[SentryProject]:
    """Write the three files, and give the projects that the mapping is about."""
    rng = random.Random(1)

    def slug(number: int) -> str:
        return f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{number}"

    def typo(text: str, number: int) -> str:
        return text.replace("-", "--", 1) if broken and number % 10 == 9 else text

    ids = [slug(number) for number in range(PRODUCTS)]
    with (folder / "products.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(
            [
                "product_id",
                "name",
                "parent_id",
                "description",
                "owner_team",
                "priority",
                "is_active",
            ]
        )
        for number, key in enumerate(ids):
            parent = typo(ids[number - 1], number) if number % DEPTH else ""
            owner = "" if number % DEPTH else f"team-{number}"
            rows.writerow(
                [key, f"Product {number}", parent, "What it does, é", owner, "high", "true"]
            )
    projects = [SentryProject(f"org-{number % 3}", slug(number)) for number in range(MAPPINGS)]
    with (folder / "project_products.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["organization", "project", "product_id"])
        for number, project in enumerate(projects):
            name = typo(project.slug, number)
            pattern = name if number % 5 else f"{name}*"
            rows.writerow([project.organization, pattern, typo(rng.choice(ids), number)])
    (folder / "sla_targets.csv").write_text("priority,resolve_within_hours\nhigh,72\n")
    return projects


def read_only(folder: Path) -> None:
    """Read the same files and do nothing with them."""
    for path in folder.iterdir():
        with path.open(newline="", encoding="utf-8") as file:
            for _ in csv.reader(file):
                pass


def best(action: Callable[[], object]) -> float:
    """Give the CPU seconds of the fastest of five runs."""
    seconds = []
    for _ in range(RUNS):
        started = time.process_time()
        action()
        seconds.append(time.process_time() - started)
    return min(seconds)


def main() -> None:
    """Measure and print a table."""
    print("catalog  projects  findings  seconds  floor   ratio")
    for broken in (False, True):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            projects = write(folder, broken=broken)
            floor = best(lambda folder=folder: read_only(folder))
            for known in ([], projects):
                found = len(check(folder, known).findings)
                seconds = best(lambda folder=folder, known=known: check(folder, known))
                label = "broken" if broken else "clean"
                print(
                    f"{label:7}  {len(known):8,}  {found:8,}  {seconds:7.2f}  {floor:5.3f}  "
                    f"{seconds / floor:5.1f}"
                )


if __name__ == "__main__":
    main()
