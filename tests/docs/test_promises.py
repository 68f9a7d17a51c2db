"""What README and docs point at is there: files, headings, commands and settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLE = ROOT / ".env.example"

FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
SETTING = re.compile(r"^#?([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)


def name(page: Path) -> str:
    return page.name


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    broken = [
        path + (f"#{heading}" if heading else "")
        for path, heading in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
        if not _leads_somewhere(page.parent / path if path else page, heading)
    ]
    assert broken == []


def _leads_somewhere(target: Path, heading: str) -> bool:
    if not target.exists():
        return False
    return not heading or heading in _anchors(target)


def _anchors(page: Path) -> set[str]:
    """The headings as GitHub spells them in links."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_make_command_that_is_named_exists() -> None:
    sources = [*PAGES, ROOT / ".ci" / "run", EXAMPLE, *(ROOT / "pipelines").rglob("*.py")]
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        (target, source.relative_to(ROOT))
        for source in sources
        for code in _code(source.read_text(encoding="utf-8"))
        for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)
    }
    assert len(named) > 10
    assert {(target, source) for target, source in named if target not in targets} == set()


def _code(text: str) -> list[str]:
    """What is between backticks, and lines that begin as commands do."""
    prose = FENCED.sub("", text)
    return [
        *re.findall(r"`([^`\n]+)`", prose),
        *re.findall(r"^(?:- run: )?\s*(make .*)$", text, re.MULTILINE),
    ]


def test_the_example_of_settings_names_each_and_nothing_else() -> None:
    named = [key for key, _ in SETTING.findall(EXAMPLE.read_text(encoding="utf-8"))]
    assert sorted(named) == sorted(field.upper() for field in Settings.model_fields)


def test_the_example_of_settings_shows_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
    shown = tmp_path / "shown"
    shown.write_text(
        "\n".join(
            f"{key}={value}" for key, value in SETTING.findall(EXAMPLE.read_text(encoding="utf-8"))
        )
    )
    assert Settings(_env_file=shown) == Settings(_env_file=None)
