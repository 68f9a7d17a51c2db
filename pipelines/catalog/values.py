r"""How a value is normalized and parsed: the one place that says so.

A cell is first *normalized* (always possible, and twice is the same as once), then *parsed*. The
check, the warehouse and so dbt see only what comes out of here.

- Everywhere: blanks at both ends go (no-break and zero-width ones too), inner runs of them become
  one space, characters are composed (NFC). A blank cell is null.
- Ids, slugs and priorities are lower-cased: upper and lower case count as the same.
- A description keeps its line breaks, as `\n`.
- A pattern of issue_rules.csv keeps its case, which does not count: the models compare in lower case.
- In a glob, a run of `*` and `?` is written in one way: every `?` first, then at most one `*`.
- is_active: true, yes and 1, or false, no and 0; blank is true.
- Hours may have a decimal point or, where it cannot be a thousands separator, a decimal comma.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from pipelines.catalog.closest import Closest
from pipelines.catalog.finding import quoted

PRIORITIES = ("critical", "high", "medium", "low")
ISSUE_PRIORITIES = ("high", "medium", "low")  # as Sentry names them
ISSUE_FIELDS = (
    "title",
    "culprit",
    "filename",
    "function",
    "type",
    "logger",
    "platform",
    "category",
    "assignee",
    "owner",
)
LONGEST_TARGET_HOURS = 87_600  # ten years: more is a slip, and date arithmetic has its limits

Parsed = tuple[Any, str | None]
"""The value, and what is wrong with it; a wrong value still serves to look for more mistakes."""

_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_TRUE, _FALSE = {"true", "yes", "1"}, {"false", "no", "0"}
_SPREADSHEET_ERRORS = {"#ref!", "#name?", "#n/a", "#value!", "#null!", "#num!", "#div/0!"}
_identifier = re.compile(r"[a-z0-9._-]+").fullmatch
_glob = re.compile(r"[a-z0-9._*?-]+").fullmatch
_number = re.compile(r"(-?\d{1,9})(?:([.,])(\d{1,9}))?", re.ASCII).fullmatch
_with_unit = re.compile(r"(\d{1,9}) ?(h|hours?|d|days?)", re.ASCII).fullmatch
_wildcards = re.compile(r"[*?]{2,}")


def one_line(cell: str) -> str:
    """Return the cell composed, with single blanks inside and none around."""
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell.translate(_ZERO_WIDTH))
    return " ".join(cell.split())


def lower(cell: str) -> str:
    """Return the cell on one line in lower case."""
    return one_line(cell.lower())


def paragraphs(cell: str) -> str:
    r"""Return the cell with each line normalized and the lines joined by `\n`."""
    return "\n".join(map(one_line, cell.splitlines())).strip("\n")


def pattern(cell: str) -> str:
    """Return the cell lower-cased, with each run of wildcards in its one spelling."""
    return text_pattern(cell.lower())


def text_pattern(cell: str) -> str:
    """Return the cell on one line, with each run of wildcards in its one spelling."""
    return _wildcards.sub(_one_spelling, one_line(cell))


def _one_spelling(run: re.Match[str]) -> str:
    return "?" * run[0].count("?") + "*" * ("*" in run[0])


def parse_identifier(text: str) -> Parsed:
    """Parse an id or a slug."""
    return text, None if _identifier(text) else f"may hold only {_allowed(text)}"


def parse_reference(text: str) -> Parsed:
    """Parse the id of another row; whether there is such a row is checked later."""
    return text, None


def parse_organization(text: str) -> Parsed:
    """Parse an organization's slug, which has no wildcards."""
    organization, slash, project = text.partition("/")
    if slash and _identifier(organization) and _glob(project):
        return (
            text,
            f"is not a slug; write {quoted(organization)}, and {quoted(project)} as project",
        )
    if "*" in text or "?" in text:
        return text, "cannot have wildcards; leave it blank for any organization"
    return parse_identifier(text)


def parse_pattern(text: str) -> Parsed:
    """Parse a project's slug or glob."""
    if _glob(text):
        return text, None
    *before, project = text.rstrip("/").split("/")
    if before and _glob(project):
        organization = f", and {quoted(before[0])} as organization" if len(before) == 1 else ""
        return text, f"is not a slug; write {quoted(project)}{organization}"
    return text, f"may hold only * and ? as wildcards, and {_allowed(text)}"


def _allowed(text: str) -> str:
    rule = 'a-z, 0-9, "-", "_" and "."'
    letters = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    proposal = re.sub(r"[^a-z0-9._*?]+", "-", letters).strip("-")
    return f"{rule}; write {quoted(proposal)}" if len(proposal) >= len(text) - 1 else rule


def parse_text(text: str) -> Parsed:
    """Parse free text."""
    if text.lower() in _SPREADSHEET_ERRORS:
        return text, "is a spreadsheet's own error; write the value itself"
    controls = (unicodedata.category(character) == "Cc" for character in text if character != "\n")
    if not text.isprintable() and any(controls):
        return text, "has an invisible control character; type the text anew"
    return text, None


def parse_team(text: str) -> Parsed:
    """Parse a team's name."""
    if text.lower() == "(unowned)":
        return text, "is how the reports name a missing owner; leave it blank"
    return parse_text(text)


def parse_priority(text: str) -> Parsed:
    """Parse a priority."""
    if text in PRIORITIES:
        return text, None
    hint = Closest(PRIORITIES).hint(text)
    return text, f"is not a priority; write one of {', '.join(PRIORITIES)}{hint}"


def parse_issue_priority(text: str) -> Parsed:
    """Parse the priority that Sentry gives an issue."""
    if text in ISSUE_PRIORITIES:
        return text, None
    known = ", ".join(ISSUE_PRIORITIES)
    meant = "; fatal counts as high" if text == "fatal" else ""
    return (
        text,
        f"is not a priority of issues; write one of {known}, or leave it blank for any{meant}",
    )


def parse_issue_field(text: str) -> Parsed:
    """Parse what of an issue a rule looks at."""
    if text in ISSUE_FIELDS:
        return text, None
    hint = Closest(ISSUE_FIELDS).hint(text)
    return text, f"is not a field of issues; write one of {', '.join(ISSUE_FIELDS)}{hint}"


def parse_boolean(text: str) -> Parsed:
    """Parse true or false."""
    if text in _TRUE or text in _FALSE:
        return text in _TRUE, None
    return True, "is neither true nor false; write true (also yes, 1, blank) or false (also no, 0)"


def parse_hours(text: str) -> Parsed:
    """Parse a number of hours, above 0 and up to ten years."""
    if not _number(text):
        return 0.0, f"is not a number of hours; write for example {_hours_meant(text)}"
    hours, problem = parse_number(text)
    if problem:
        return 0.0, problem
    if not 0 < hours <= LONGEST_TARGET_HOURS:
        return 0.0, f"must be above 0 and at most {LONGEST_TARGET_HOURS} (ten years)"
    return hours, None


def parse_number(text: str) -> Parsed:
    """Parse a number; what it may be depends on what it is for."""
    found = _number(text)
    if not found:
        return None, "is not a number; write for example 2 or 0.25"
    whole, separator, fraction = found.groups()
    if separator == "," and len(fraction) == 3:
        number = float(f"{whole}.{fraction}")
        return None, f"can be read in two ways; write {whole}{fraction} or {number:g}"
    return float(f"{whole}.{fraction or 0}"), None


def _hours_meant(text: str) -> int:
    found = _with_unit(text)
    if not found:
        return 72
    return int(found[1]) * (24 if found[2].startswith("d") else 1)


def like_pattern(glob: str) -> str:
    """Return the glob as the models compare it: a pattern of LIKE with `!` as escape."""
    return re.sub(r"[!%_]", r"!\g<0>", glob).replace("*", "%").replace("?", "_")
