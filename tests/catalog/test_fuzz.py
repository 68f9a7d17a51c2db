"""No input whatever gives a traceback, and what is accepted is a catalog that dbt can use."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.catalog import Checked, SentryProject, check
from pipelines.catalog.health_targets import MEASURES
from pipelines.catalog.tables import TABLES

from .small_catalog import (
    HEALTH,
    HIGH,
    LEDGER,
    MAPPING,
    PRODUCTS,
    RECIPIENTS,
    SHOP,
    TARGETS,
    Folder,
)

GOOD = {
    "products.csv": PRODUCTS + SHOP,
    "project_products.csv": MAPPING + LEDGER,
    "sla_targets.csv": TARGETS + HIGH,
    "issue_rules.csv": "organization,project,field,pattern,product_id\n,ledger,title,Time*,shop\n",
    "health_targets.csv": HEALTH + "high,late_ratio,0.2,\n",
    "recipients.csv": RECIPIENTS + "commerce,mail,a@b.example,new_high,high,daily,22:00-7:00,\n",
}
PROJECTS = [
    SentryProject("acme", "checkout-web"),
    SentryProject("acme", "general-ledger", ("ledger", "books")),
    SentryProject("beta", "checkout-web", is_deleted=True),
]
files = st.sampled_from(sorted(GOOD))
fragments = st.sampled_from(
    [
        ",",
        ";",
        "\t",
        '"',
        '""',
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\ufeff",
        "\u00a0",
        "*",
        "?",
        "[",
        "/",
        "<<<<<<< ",
    ]
    + [
        "shop",
        "SHOP",
        "payments",
        "Payment System",
        "ledger",
        "true",
        "no",
        "high",
        "72",
        "1,5",
        "-1",
        "é",
    ]
    + [name for table in TABLES for name in table.names]
    + [PRODUCTS, MAPPING, TARGETS, SHOP, LEDGER, HIGH, HEALTH, RECIPIENTS, *MEASURES]
    + ["env:", "env:NOTIFY_ADDRESS", "mail", "chat", "a@b", "daily", "25:00-1:00", "Europe/Berlin"]
)


def checked(files: dict[str, bytes]) -> Checked:
    with tempfile.TemporaryDirectory() as name:
        seeds = Path(name)
        for file, content in GOOD.items():
            (seeds / file).write_bytes(files.get(file, content.encode()))
        result = check(seeds, PROJECTS)
    believable(result, seeds, files)
    return result


def believable(result: Checked, seeds: Path, files: dict[str, bytes]) -> None:
    """A finding is one line that names one of the files and a line it has; a catalog has no loose end."""
    for found in result.findings:
        assert "\n" not in str(found)
        assert str(found).isprintable()
        assert Path(found.file).parent == seeds
        content = files.get(Path(found.file).name, GOOD[Path(found.file).name].encode())
        assert (
            found.line is None or 1 <= found.line <= content.count(b"\n") + content.count(b"\r") + 1
        )
    assert (result.catalog is None) == bool(result.errors)
    if result.catalog is not None:
        ids = {product.product_id for product in result.catalog.products}
        assert ids
        assert len(ids) == len(result.catalog.products)
        assert ids >= {row.product_id for row in result.catalog.project_products}
        assert ids >= {product.parent_id for product in result.catalog.products} - {None}
        assert all(target.resolve_within_hours > 0 for target in result.catalog.sla_targets)
        any_priority = [row.measure for row in result.catalog.health_targets if not row.priority]
        assert sorted(any_priority) == sorted(MEASURES)


@settings(max_examples=150)
@given(files, st.binary(max_size=300))
def test_any_bytes_at_all_are_answered_with_findings(file: str, content: bytes) -> None:
    checked({file: content})


@settings(max_examples=150)
@given(
    files,
    st.lists(fragments, max_size=30),
    st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_text_that_looks_like_csv_is_answered_with_findings(
    file: str, parts: list[str], encoding: str
) -> None:
    checked({file: "".join(parts).encode(encoding)})


@settings(max_examples=150)
@given(st.data())
def test_a_good_file_with_a_few_bytes_changed_is_answered_with_findings(
    data: st.DataObject,
) -> None:
    file = data.draw(files)
    content = bytearray(GOOD[file].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = start + data.draw(st.integers(0, 3))
        content[start:end] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b",", b"\n", b"\r"])
        )
    checked({file: bytes(content)})


@settings(max_examples=60)
@given(st.lists(st.lists(fragments, max_size=3).map("".join), min_size=7, max_size=7))
def test_an_accepted_catalog_written_out_again_is_the_same_catalog(cells: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "products.csv"
        with file.open("w", newline="", encoding="utf-8") as text:
            csv.writer(text).writerow(cells)
        first = checked({"products.csv": (PRODUCTS + SHOP).encode() + file.read_bytes()})
        if first.catalog is None:
            return
        with file.open("w", newline="", encoding="utf-8") as text:
            rows = csv.writer(text)
            rows.writerow(TABLES[0].names)
            for product in first.catalog.products:
                rows.writerow([getattr(product, column) for column in TABLES[0].names])
        second = checked({"products.csv": file.read_bytes()})

    assert second.catalog == first.catalog


@pytest.mark.parametrize("file", sorted(GOOD))
def test_a_folder_in_place_of_a_file_is_one_message(folder: Folder, file: str) -> None:
    folder.write(file, None)
    (folder.path / file).mkdir()

    assert folder.messages() == [f"seeds/{file}: error: is a folder, not a file"]


def test_a_link_to_nowhere_is_a_missing_file(folder: Folder) -> None:
    folder.write("sla_targets.csv", None)
    (folder.path / "sla_targets.csv").symlink_to("nowhere")

    assert folder.messages() == [
        "seeds/sla_targets.csv: error: the file is missing; "
        "it needs at least the heading priority,resolve_within_hours"
    ]


def test_links_in_a_circle_are_one_message(folder: Folder) -> None:
    folder.write("sla_targets.csv", None)
    (folder.path / "sla_targets.csv").symlink_to("sla_targets.csv")

    assert len(folder.messages()) == 1


def test_a_file_that_is_too_large_is_not_read(folder: Folder) -> None:
    with (folder.path / "products.csv").open("ab") as file:
        file.truncate(65 * 1024 * 1024)

    assert folder.messages() == [
        "seeds/products.csv: error: has 65 MB; the largest catalog file that is read has 64 MB"
    ]


def test_a_file_under_another_name_is_pointed_out(folder: Folder) -> None:
    (folder.path / "products.csv").rename(folder.path / "products (1).csv")

    assert folder.messages() == [
        'seeds/products.csv: error: the file is missing; is it "products (1).csv"?'
    ]


@pytest.mark.parametrize("name", ["nowhere", "seeds/products.csv", "x" * 5000])
def test_a_folder_that_cannot_be_read_is_one_message(folder: Folder, name: str) -> None:
    (found,) = check(Path(name)).findings

    assert found.file == name
    assert found.severity == "error"


def test_a_thousand_mistakes_are_a_thousand_findings(folder: Folder) -> None:
    rows = "".join(f'p{number},"P" x,nowhere,,,,\n' for number in range(1_000))
    folder.write("products.csv", PRODUCTS + SHOP + rows)

    assert len(folder.messages()) == 1_000
