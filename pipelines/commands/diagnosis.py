"""What `make doctor` says: one diagnosis a line, with what to do where something is wrong."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rich.console import Console
from rich.text import Text

Level = Literal["ok", "warning", "problem"]

STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}
SUBJECT_WIDTH = 26
MOST_NAMED = 3
INDENT = " " * (len("problem") + 2 + SUBJECT_WIDTH + 2)


class Diagnosis(NamedTuple):
    """How one subject is; `advice` is what to do about it."""

    level: Level
    subject: str
    text: str
    advice: str = ""


def ok(subject: str, text: str) -> Diagnosis:
    """Return that all is well."""
    return Diagnosis("ok", subject, text)


def warning(subject: str, text: str, advice: str = "") -> Diagnosis:
    """Return what does not keep a sync from working."""
    return Diagnosis("warning", subject, text, advice)


def problem(subject: str, text: str, advice: str = "") -> Diagnosis:
    """Return what does."""
    return Diagnosis("problem", subject, text, advice)


def some_of(names: Sequence[str]) -> str:
    """Return the first few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def show(console: Console, found: Diagnosis) -> None:
    """Print a diagnosis in aligned columns; its lines are broken for a terminal only."""
    width = console.width if console.is_terminal else 100_000
    lines = [
        line
        for text in (found.text, found.advice and f"-> {found.advice}")
        for line in textwrap.wrap(
            text, max(width - len(INDENT), 30), break_long_words=False, break_on_hyphens=False
        )
    ]
    line = Text(f"{found.level:7}", style=STYLES[found.level])
    rest = f"\n{INDENT}".join(lines)
    line.append(f"  {found.subject:{SUBJECT_WIDTH}}  {rest}", style="default")
    console.print(line, soft_wrap=True)
