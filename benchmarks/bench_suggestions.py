"""How often a suggested product is right, on random companies whose product tree is known.

    python benchmarks/bench_suggestions.py

Of each company 20 to 40 % of the mapping rows are removed, and the dbt model is to say where those projects belong.
`realistic` companies name most projects after their product; in the others the words of a slug lie, so that the right
answer is mostly none. Fails if fewer than four in five suggestions of a kind are right.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from random import Random
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.oracle.random_companies import KINDS, Company
from tests.oracle.suggestion_model import SuggestionModel, rows_of

COMPANIES = 100
LEAST_PRECISION = 0.8


class Score(NamedTuple):
    """Projects without a product, those of them that got a suggestion, and a right one."""

    projects: int = 0
    suggested: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """Return the share of the suggestions that is right; 1 where none was made."""
        return self.right / self.suggested if self.suggested else 1.0

    def plus(self, other: Score) -> Score:
        """Return both together."""
        return Score(*map(sum, zip(self, other, strict=True)))


def main() -> int:
    console = Console()
    with tempfile.TemporaryDirectory() as name:
        model = SuggestionModel(Path(name))
        scores = {kind: scored(model, kind) for kind in KINDS}
    table = Table(title=f"{COMPANIES} companies of each kind")
    for heading in ("kind", "without product", "suggested", "coverage", "right", "precision"):
        table.add_column(heading, justify="left" if heading == "kind" else "right")
    for kind, score in scores.items():
        table.add_row(
            kind,
            f"{score.projects:,}",
            f"{score.suggested:,}",
            f"{score.suggested / score.projects:.0%}",
            f"{score.right:,}",
            f"{score.precision:.2f}" if score.suggested else "-",
        )
    console.print(table)
    return 1 if min(score.precision for score in scores.values()) < LEAST_PRECISION else 0


def scored(model: SuggestionModel, kind: str) -> Score:
    total = Score()
    for seed in range(COMPANIES):
        total = total.plus(score_of(model, KINDS[kind](Random(f"{kind} {seed}"))))
    return total


def score_of(model: SuggestionModel, company: Company) -> Score:
    found = model.suggested(*rows_of(company))
    unmapped = [project for project in company.projects if not project.is_mapped]
    right = [p for p in unmapped if found.get(p.slug, ("", ""))[0] == p.product_id]
    return Score(len(unmapped), len(found), len(right))


if __name__ == "__main__":
    sys.exit(main())
