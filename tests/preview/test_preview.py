"""`make preview` from end to end: the real models on a copy of a small warehouse that is published."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipelines import models
from pipelines.__main__ import main
from pipelines.catalog import check, load
from pipelines.preview.build_models import DryRunError
from pipelines.preview.dry_run import dry_run
from pipelines.preview.warehouse_copy import copy_warehouse
from pipelines.publish import publish
from pipelines.settings import Settings, read_settings
from tests.catalog.small_catalog import MAPPING, MATRIX, PRODUCTS
from tests.dbt.warehouse import START, WrittenWarehouse
from tests.forked_python import forked_python

SHOP = """shop,Shop,,,commerce,high,
payments,Payments,shop,,,,
search,Search,shop,,,,
"""
PROJECTS = """acme,checkout-*,payments
,finder,search
"""
# It routes an issue to where it is anyway, so that no number depends on it.
RULES = """organization,project,field,pattern,product_id
,finder,category,Err*,search
"""
SLUGS = ("checkout-web", "checkout-api", "finder", "beta")
LATE = START - timedelta(days=9)


@dataclass
class Place:
    """A folder with the files in `seeds`, and the warehouse and what is published in `data`."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self, products: str, mapping: str) -> None:
        seeds = self.folder / "seeds"
        seeds.mkdir(exist_ok=True)
        (seeds / "products.csv").write_text(PRODUCTS + products)
        (seeds / "project_products.csv").write_text(MAPPING + mapping)
        (seeds / "issue_rules.csv").write_text(RULES)
        (seeds / "sla_targets.csv").write_text(MATRIX + "high,,72\nhigh,low,200\nlow,high,90\n")

    def preview(self, *options: str) -> int:
        return main(["preview", *options])

    def contents(self) -> dict[str, str]:
        """Give a hash of every file."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Three products, four projects, of which one is unassigned, and an issue of each; all of it published."""
    place = Place(tmp_path_factory.mktemp("original"))
    place.write(SHOP, PROJECTS)
    place.data.mkdir()
    warehouse = WrittenWarehouse(place.data)
    warehouse.load(
        synced_at=START,
        projects=[{"project_id": slug, "project_slug": slug} for slug in SLUGS],
        issues=[
            {"issue_id": slug, "project_id": slug, "first_seen_at": LATE, "last_seen_at": START}
            for slug in SLUGS
        ],
    )
    with warehouse.connect() as connection:
        checked = check(place.folder / "seeds")
        assert checked.catalog
        load(connection, checked.catalog)
    warehouse.succeed("run", "--quiet", "--vars", '{"include_categories": []}')
    published = place.data / "product_health.duckdb"
    publish(place.data / "warehouse.duckdb", published, run_id="run-1", published_at=START)
    # As a run leaves it.
    (place.data / "target").rename(place.data / "dbt")
    shutil.rmtree(place.data / "logs")
    return place


@pytest.fixture
def place(original: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place(tmp_path / "place")
    shutil.copytree(original.folder, place.folder)
    monkeypatch.setenv("SEEDS_DIR", str(place.folder / "seeds"))
    monkeypatch.setenv("DATA_DIR", str(place.data))
    monkeypatch.setattr(models, "PYTHON", forked_python())
    return place


EDITED = SHOP.replace("search,Search,shop,,,", "search,Search,,,finders,low") + "labs,Labs,,,,,\n"
REMAPPED = PROJECTS.replace("checkout-*,payments", "checkout-w*,shop") + ",beta,labs\n"


def test_a_preview_shows_the_effect_of_the_edit_and_touches_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write(EDITED, REMAPPED)
    before = place.contents()

    assert place.preview() == 0

    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert printed[printed.index("make check has 1 warning.") + 1 :] == [
        "1 product appears; 1 product moves; 1 product changes attributes; 3 projects",
        "change product; 4 products change their numbers; the SLA target of 2 issues",
        "changes.",
        "",
        "Products",
        "- appears: Labs (labs), at the top",
        "- moves: Search (search), from Shop to the top",
        "- owner commerce → finders: Search (search)",
        "- priority high → low: Search (search)",
        "- SLA target 72 h → none: Search (search)",
        "- SLA target of high issues none → 90 h: Search (search)",
        "- SLA target of low issues 200 h → none: Search (search)",
        "",
        "Projects",
        "- no product → labs: acme/beta",
        "- payments → no product: acme/checkout-api",
        "- payments → shop: acme/checkout-web",
        "",
        "Numbers of each product with everything below it",
        "Product        Projects Open Late All issues All events Users Health",
        "Labs               1 +1 1 +1    0       1 +1       1 +1  1 +1 new:",
        "                                                              healthy",
        "Search                1    1 0 -1          1          1     1 at_risk →",
        "                                                              healthy",
        "Shop               1 -2 1 -2 1 -2       1 -2       1 -2  1 -2 at_risk",
        "  own projects     1 +1 1 +1 1 +1       1 +1       1 +1  1 +1",
        "  Payments         0 -2 0 -2 0 -2       0 -2       0 -2  0 -2 at_risk →",
        "                                                              no_data",
        "Open: unresolved issues. Late: open past their SLA; near late: from 80 % of it.",
        "High: open, of high priority or fatal.",
    ]
    assert place.contents() == before


def test_newer_data_in_the_warehouse_do_not_show_as_the_edits_effect(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    warehouse = object.__new__(WrittenWarehouse)
    warehouse.folder, warehouse.loads = place.data, 1
    warehouse.load(
        synced_at=START + timedelta(hours=3),
        projects=[{"project_id": "new", "project_slug": "checkout-new"}],
        issues=[
            {"issue_id": f"new-{number}", "project_id": project, "first_seen_at": LATE}
            for number, project in enumerate(("new", "finder", "finder"))
        ],
    )
    place.write(SHOP.replace("search,Search,shop", "search,Search,payments"), PROJECTS)
    before = place.contents()

    assert place.preview("--markdown") == 0

    document = capsys.readouterr().out
    assert "The warehouse holds other syncs than the published file" in document
    assert "**1 product moves; 1 product changes its numbers.**" in document
    assert "| &emsp;Payments | 4 (+1) | 6 (+3) | 6 (+3) |" in document
    assert place.contents() == before


def test_errors_are_printed_as_the_check_prints_them(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.write(SHOP.replace("payments,Payments,shop", "payments,Payments,shpo"), PROJECTS)

    assert main(["check"]) == 1
    printed = capsys.readouterr()
    assert place.preview() == 1

    assert capsys.readouterr() == printed
    assert 'did you mean "shop"?' in printed.out


def test_a_project_that_is_not_published_yet_can_make_rows_tie(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(place.data / "warehouse.duckdb")) as connection:
        connection.execute(
            "update raw_sentry.projects set project_slug = 'a-z' where project_slug = 'beta'"
        )
    place.write(SHOP, PROJECTS + ",a-*,shop\n,*-z,search\n")

    assert place.preview() == 1

    output = capsys.readouterr().out
    assert 'both fit "acme/a-z" with 2 literal characters' in output
    assert (
        f"1 error, 0 warnings (compared with 4 projects of {place.data}/warehouse.duckdb)" in output
    )


def test_a_run_that_is_writing_is_a_reason_to_come_back_later(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    warehouse = place.data / "warehouse.duckdb"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        assert place.preview() == 1
        writer.communicate()

    assert capsys.readouterr().err == (
        f"{warehouse} is being written to, probably by a run; try again when it has ended\n"
    )


def test_what_a_killed_writer_left_in_the_log_is_copied_too(tmp_path: Path) -> None:
    warehouse, folder = tmp_path / "warehouse.duckdb", tmp_path / "copy"
    folder.mkdir()
    killed = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); "
        "c.execute('pragma disable_checkpoint_on_shutdown; create table t as select 42 as a'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", killed, str(warehouse)], check=True)
    log = Path(f"{warehouse}.wal")
    before = warehouse.read_bytes(), log.read_bytes()

    copied = copy_warehouse(warehouse, folder)

    with duckdb.connect(str(copied)) as connection:
        assert connection.execute("from t").fetchall() == [(42,)]
    assert (warehouse.read_bytes(), log.read_bytes()) == before


def test_unchanged_files_change_nothing(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.preview("--markdown") == 0

    assert capsys.readouterr().out.splitlines()[-1] == "Nothing would change."


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "product_health.duckdb",
            "is not there yet; `make sync` makes it, or `make demo` a sample",
        ),
        ("warehouse.duckdb", "from which product_health.duckdb was made, is not there"),
    ],
)
def test_what_is_missing_is_named(
    place: Place, capsys: pytest.CaptureFixture[str], file: str, message: str
) -> None:
    (place.data / file).unlink()

    assert place.preview() == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err


def test_a_published_file_of_another_version_is_no_traceback(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    published = place.data / "product_health.duckdb"
    published.chmod(0o600)
    with duckdb.connect(str(published)) as connection:
        connection.execute("drop table marts.organization_freshness")

    assert place.preview() == 1

    assert "If this program was updated since they were written, run `make sync` first" in (
        capsys.readouterr().err
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path / "gone")

    with pytest.raises(
        DryRunError, match=r"gone cannot be written to \(No such file.*set DATA_DIR"
    ):
        dry_run(settings)


def test_a_model_that_takes_too_long_is_ended(place: Place) -> None:
    with pytest.raises(DryRunError, match="take longer than a page may wait"):
        dry_run(read_settings(), seconds=0.5)


def test_a_model_that_fails_is_named(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    with duckdb.connect(str(place.data / "warehouse.duckdb")) as connection:
        connection.execute("drop view staging.stg_sentry__projects")

    assert place.preview() == 1

    error = capsys.readouterr().err
    assert error.startswith("dbt stopped. ")
    assert "stg_sentry__projects" in error
