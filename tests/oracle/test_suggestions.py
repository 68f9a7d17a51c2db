"""The suggestions of the dbt model are those of the oracle, on companies whose slugs tell the truth or lie."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest

from pipelines.catalog.draft_words import GENERIC
from tests.dbt.warehouse import DBT_PROJECT

from .oracle_suggestions import Guesses
from .random_companies import KINDS
from .suggestion_model import SuggestionModel, rows_of

SEEDS = 12


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> SuggestionModel:
    return SuggestionModel(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_suggests_what_the_oracle_does(model: SuggestionModel, kind: str) -> None:
    for seed in range(SEEDS):
        rng = Random(seed)
        products, projects, teams = rows_of(KINDS[kind](rng))
        # Some are gone, some of another organization, some products are switched off.
        products = [row | {"is_active": rng.random() < 0.95} for row in products]
        projects = [
            row
            | {
                "is_deleted": rng.random() < 0.05,
                "organization_slug": rng.choice([row["organization_slug"]] * 9 + ["checkout-2"]),
            }
            for row in projects
        ]
        teams_of: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for row in teams:
            teams_of[row["project_id"]][row["team_id"]] = row["team_slug"]
        guesses = Guesses(
            {row["product_id"]: row["product_name"] for row in products if row["is_active"]},
            [row for row in projects if not row["is_deleted"]],
            teams_of,
        )
        expected = {
            row["project_id"]: guesses.suggestion(row)
            for row in guesses.projects
            if row["product_id"] is None
        }
        found = {key: value for key, value in expected.items() if value != (None, None)}
        assert model.suggested(products, projects, teams) == found, seed


def test_the_generic_words_of_a_draft_are_those_of_the_suggestions() -> None:
    macro = (DBT_PROJECT / "macros" / "words.sql").read_text("utf-8")
    text = macro.partition("macro generic_words() -%}")[2].partition("{%")[0]
    assert set(text.split()) == GENERIC
