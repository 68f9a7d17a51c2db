"""What the check has to say: one finding per mistake, and how values are shown in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Finding:
    """One mistake: the file as named, and the physical line (from 1; None: the whole file).

    `column` is where in the line it can be mended, None where that is not one place.
    """

    file: str
    line: int | None
    severity: Literal["error", "warning"]
    message: str
    column: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return `file:line: severity: message` on one line, so that editors can jump to it."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.severity}: {self.message}"


def quoted(value: str) -> str:
    """Return the value in double quotes, on one line and printable, shortened to 60 characters."""
    if len(value) > SHOWN_CHARACTERS:
        value = value[: SHOWN_CHARACTERS - 1] + "…"
    return f'"{printable(value)}"'


def printable(value: str) -> str:
    """Return the value with every control or invisible character spelled out."""
    if value.isprintable():
        return value
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in value
    )


def counted(number: int, noun: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
