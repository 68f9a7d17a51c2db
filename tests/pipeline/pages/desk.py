"""Pages with editing over a copy of the catalog, and what is read on them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import requests

from pipelines.pages import serving
from pipelines.pages.app import create_app
from pipelines.pages.catalog_editor import CatalogEditor
from tests.pipeline.conftest import Deployment
from tests.pipeline.pages.conftest import Browser, settings_of
from tests.pipeline.pages.forms import Form, forms


@dataclass
class Desk:
    """Pages with editing, over a copy of what is published (and no warehouse) and of the CSVs."""

    browser: Browser
    seeds: Path
    editor: CatalogEditor

    @property
    def url(self) -> str:
        return self.browser.url

    def row(self, path: str) -> tuple[Form, list[Form]]:
        form, *others = forms(self.browser.get(f"/catalog/{path}"))
        return form, others

    def line(self, file: str, start: str) -> int:
        lines = (self.seeds / file).read_text().splitlines()
        return next(n for n, line in enumerate(lines, start=1) if line.startswith(start))

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.seeds.iterdir()}


def desk_of(first: Deployment, folder: Path, **settings: Any) -> Iterator[Desk]:
    shutil.copytree(first.seeds, folder / "seeds", dirs_exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    published = folder / "data" / "product_health.duckdb"
    shutil.copy(first.published, published)
    published.chmod(0o644)
    with duckdb.connect(str(published)) as db:
        db.execute(
            "update marts.unassigned_projects set suggested_product_id = 'support-desk', "
            "suggestion_reason = 'shares a word' where project_slug = 'chatbot-poc'"
        )
    given = {"seeds_dir": folder / "seeds", "pages_editing": True} | settings
    app = create_app(settings_of(published, **given))
    with serving.served(app) as url:
        yield Desk(Browser(url), folder / "seeds", app.state.editor)


def text(answer: requests.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
