"""The check finds every loop, and only loops, each once and whole."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.catalog import check
from pipelines.catalog.tree import loops

from .small_catalog import MAPPING, PRODUCTS, TARGETS, Folder


@st.composite
def parents(draw: st.DrawFn) -> dict[str, str | None]:
    """Any graph in which each product names at most one parent, perhaps one that does not exist."""
    ids = [f"p{number}" for number in range(draw(st.integers(0, 12)))]
    return {key: draw(st.sampled_from([None, "nowhere", *ids])) for key in ids}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | None]:
    """Any forest, its rows in any order."""
    count = draw(st.integers(1, 30))
    order = draw(st.permutations([f"p{number}" for number in range(count)]))
    forest: dict[str, str | None] = {}
    for place, key in enumerate(order):
        forest[key] = draw(st.sampled_from([None, *order[:place]]))
    return {key: forest[key] for key in sorted(forest)}


def in_a_loop(graph: dict[str, str | None]) -> list[frozenset[str]]:
    """Walk up from every product, as often as there are products, and see whether it comes back."""
    found = []
    for start in graph:
        seen, at = [start], graph[start]
        while at in graph and at is not None and len(seen) <= len(graph) and at != start:
            seen.append(at)
            at = graph[at]
        if at == start and frozenset(seen) not in found:
            found.append(frozenset(seen))
    return found


@settings(max_examples=200)
@given(parents())
def test_every_loop_is_found_once_and_nothing_else(graph: dict[str, str | None]) -> None:
    found = loops(graph)

    assert sorted(map(sorted, found)) == sorted(map(sorted, in_a_loop(graph)))
    for loop in found:
        assert len(set(loop)) == len(loop)
        assert [graph[child] for child in [*loop[1:], loop[0]]] == loop


@given(trees())
def test_a_tree_has_no_loop(forest: dict[str, str | None]) -> None:
    assert loops(forest) == []


@settings(max_examples=60)
@given(parents())
def test_the_check_reports_the_loops_of_the_file_whole(graph: dict[str, str | None]) -> None:
    with tempfile.TemporaryDirectory() as name:
        seeds = Path(name)
        rows = "".join(f"{key},{key},{parent or ''},,team,,\n" for key, parent in graph.items())
        (seeds / "products.csv").write_text(PRODUCTS + "top,Top,,,team,,\n" + rows)
        (seeds / "project_products.csv").write_text(MAPPING + ",web,top\n")
        (seeds / "sla_targets.csv").write_text(TARGETS)
        findings = check(seeds).findings

    drawn = [re.search(r"a loop: ([^;(]+)", found.message) for found in findings]
    shown = [found[1].strip().split(" > ") for found in drawn if found]
    assert all(loop[0] == loop[-1] for loop in shown)
    assert sorted(sorted(loop[1:]) for loop in shown) == sorted(map(sorted, in_a_loop(graph)))
    unknown = [found for found in findings if '"nowhere"' in found.message]
    assert len(unknown) == list(graph.values()).count("nowhere")
    assert len(findings) == len(shown) + len(unknown)


def test_a_loop_of_ten_thousand_products_is_shown_whole(folder: Folder) -> None:
    rows = [f"p{number},P,p{number - 1 if number else 9_999},,t,,\n" for number in range(10_000)]
    folder.write("products.csv", PRODUCTS + "".join(rows))
    folder.write("project_products.csv", MAPPING + ",web,p1\n")

    (message,) = folder.messages()

    assert " > ".join(f"p{number}" for number in range(10_000)) + " > p0 (" in message
