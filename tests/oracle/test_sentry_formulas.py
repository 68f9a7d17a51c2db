"""Sentry's own figures follow from our tables, where the syncs could read everything."""

from __future__ import annotations

import pytest

from .oracle import expected
from .random_world import random_world
from .sentry_formulas import disagreements_with_sentry


@pytest.mark.parametrize("seed", range(4))
def test_sentrys_resolution_times_and_unresolved_counts_follow_from_the_tables(seed: int) -> None:
    world = random_world(seed, issues=1500)
    tables = expected(world.last)
    differences, compared = disagreements_with_sentry(world.truth, tables)
    assert differences == []
    assert compared > 100
