"""What a message says: one content for every channel, each of which writes it in its own way.

Titles and names come from outside. Here they become one printable line; what else may not stand in a channel, its
template or it escapes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, select_autoescape

from pipelines.catalog.finding import counted

LONGEST, LONGEST_OF_ERROR = 200, 2000  # characters of a title, of a line of an error
MOST_LINES = 100
WORDS = {
    "new_high": ("new issue of high priority", "new issues of high priority"),
    "regressed": ("issue came back", "issues came back"),
    "sla_at_risk": ("issue is about to be late", "issues are about to be late"),
    "sla_breached": ("issue is late", "issues are late"),
    "health": ("product changed its health", "products changed their health"),
}

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Line:
    """One thing of a section; `mark` colours it: worse, better or neither."""

    text: str
    url: str | None = None
    detail: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Section:
    """A heading with its lines."""

    title: str
    lines: tuple[Line, ...] = ()
    url: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class Content:
    """A whole message: its subject, a sentence, the sections, and what stands below."""

    subject: str
    lead: str
    sections: tuple[Section, ...] = ()
    footer: tuple[str, ...] = ()

    def mapped(self, change: Callable[[str], str]) -> Content:
        """Return the same with every text, but no address, changed."""
        sections = tuple(
            replace(
                section,
                title=change(section.title),
                detail=change(section.detail),
                lines=tuple(
                    replace(line, text=change(line.text), detail=change(line.detail))
                    for line in section.lines
                ),
            )
            for section in self.sections
        )
        footer = tuple(map(change, self.footer))
        return Content(change(self.subject), change(self.lead), sections, footer)


def content_of(payload: dict[str, Any], pages_url: str) -> Content:
    """Return what the message says; `pages_url`: where the web pages are, blank for no links to them."""
    if payload["kind"] == "alert":
        content = _alert(payload, pages_url)
    elif payload["kind"] == "digest":
        content = _digest(payload, pages_url)
    else:
        # The message of an error: each of its lines may matter.
        lines = tuple(map(Line, payload["text"].splitlines()))
        why = Content(payload["subject"], f"{payload['subject']}.", (Section("Why", lines),))
        return why.mapped(lambda text: one_line(text, LONGEST_OF_ERROR))
    return content.mapped(one_line)


def rendered(content: Content, template: str) -> str:
    """Return the content as the template `message.txt` or `message.html` writes it."""
    return _environment.get_template(template).render(content=content)


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line, printable and of bounded length."""
    words = " ".join(text.split())
    printable = "".join(each for each in words if each.isprintable())
    return printable if len(printable) <= longest else printable[: longest - 1] + "…"


def product_url(pages_url: str, product_id: str | None) -> str | None:
    """Return the page of a product, of the projects without one for None; None where no pages are."""
    if not pages_url:
        return None
    base = pages_url.rstrip("/")
    return f"{base}/products/{quote(product_id, safe='')}" if product_id else f"{base}/unassigned/"


def _alert(payload: dict[str, Any], pages_url: str) -> Content:
    rule, groups = payload["rule"], payload["groups"]
    total = sum(group["count"] for group in groups)
    words = f"{total:,} {WORDS[rule][total != 1]}"
    names = [group["product_name"] or "projects without a product" for group in groups]
    where = names[0] if len(names) == 1 else f"{names[0]} and {counted(len(names) - 1, 'other')}"
    subject = f"{where}: {words}"
    if rule == "health" and total == 1 and groups[0]["items"]:
        subject = groups[0]["items"][0]["title"]
    elif total == 1 and groups[0]["items"]:
        subject = f"{where}: {words[2:]}: {groups[0]['items'][0]['title']}"
    as_of = datetime.fromisoformat(payload["as_of"])
    footer = [f"As of {as_of:%a %d %b %Y %H:%M} UTC. Each of these is told once."]
    if payload.get("is_last_of_day"):
        footer.insert(
            0,
            "This is the last message of today: there were many. What follows is gathered and comes tomorrow.",
        )
    sections = [_section(rule, group, pages_url) for group in groups[:MOST_LINES]]
    if len(groups) > MOST_LINES:
        rest = groups[MOST_LINES:]
        count = sum(group["count"] for group in rest)
        sections.append(Section(f"{count:,} more in {counted(len(rest), 'product')}"))
    return Content(subject, f"{words[0].upper()}{words[1:]}.", tuple(sections), tuple(footer))


def _section(rule: str, group: dict[str, Any], pages_url: str) -> Section:
    title = group["product_name"] or "Projects without a product"
    url = product_url(pages_url, group["product_id"])
    priority = f"{group['product_priority']} priority" if group["product_priority"] else ""
    if not group["items"]:
        count = group["count"]
        return Section(title, (Line(f"{count:,} {WORDS[rule][count != 1]}", url),), url, priority)
    lines = tuple(
        Line(
            item["title"],
            item["url"] or (url if rule == "health" else None),
            item["detail"],
            _mark(rule, item),
        )
        for item in group["items"]
    )
    return Section(title, lines, url, priority)


def _mark(rule: str, item: dict[str, Any]) -> str:
    if rule == "health":
        return "better" if item["is_better"] else "worse"
    return "worse" if rule in ("new_high", "sla_breached", "regressed") else ""


def _digest(payload: dict[str, Any], pages_url: str) -> Content:
    sections = tuple(
        Section(
            section["title"],
            tuple(
                Line(
                    line["text"],
                    line["url"] or product_url_of(line, pages_url),
                    line["detail"],
                    line["mark"],
                )
                for line in section["lines"]
            ),
            product_url(pages_url, section["product_id"]) if section["product_id"] else None,
            section["detail"],
        )
        for section in payload["sections"]
    )
    return Content(payload["subject"], payload["lead"], sections, tuple(payload["footer"]))


def product_url_of(line: dict[str, Any], pages_url: str) -> str | None:
    """Return the page of the product that a line is about, None if it is about none."""
    return product_url(pages_url, line["product_id"]) if line.get("product_id") else None
