"""What the README shows is what a newcomer sees."""

from __future__ import annotations

import io

from rich.console import Console

from pipelines.commands.report import read_published, show
from pipelines.settings import ROOT
from tests.pipeline.conftest import Deployment


def test_the_readme_shows_what_the_first_demo_prints(first: Deployment) -> None:
    published = read_published(first.published)
    assert published is not None
    console = Console(width=80, file=io.StringIO())
    show(console, published, None, first.published, "")
    printed = {line.rstrip() for line in console.file.getvalue().splitlines()}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("Product health: ")[1].split("```")[0]
    shown = [line for line in f"Product health: {block}".splitlines() if line]
    assert len(shown) > 15
    assert [line for line in shown if line not in printed] == []
