"""What stands in a ticket: plain in its summary, Jira's markup in its description and comments."""

from __future__ import annotations

import re
from typing import Any

from pipelines.notify.content import one_line, product_url

LONGEST = 250  # characters of a summary; Jira takes 255
# What a backslash takes its meaning from.
_SPECIAL = re.compile(r"([{}\[\]()*_\-+^~?!|#@%])")


def escaped(text: str) -> str:
    """Return a text from outside on one line, without anything that Jira would act on."""
    # A backslash cannot be escaped by one: two are a line break.
    plain = one_line(text).replace("\\", "\N{SET MINUS}").replace("://", ":\u200b//")
    return _SPECIAL.sub(r"\\\1", plain)


def summary(item: dict[str, Any], group: dict[str, Any]) -> str:
    """Return the one line by which people know the ticket; nothing in it is markup."""
    name = group["product_name"] or "(unassigned)"
    return one_line(f"{name}: {item['title']}", LONGEST)


def description(
    item: dict[str, Any], group: dict[str, Any], rule: str, pages_url: str, earlier: str | None
) -> str:
    """Return what the ticket is about; `earlier`: the ticket of the time before."""
    page = product_url(pages_url, group["product_id"])
    name = escaped(group["product_name"] or "projects without a product")
    lines = [
        f"*Issue:* {escaped(item['title'])}",
        f"*Product:* {f'[{name}|{page}]' if page else name}",
        f"*Facts:* {escaped(item['detail'])}",
    ]
    if item["url"]:
        lines.append(f"*In Sentry:* {_address(item['url'])}")
    lines.append(happened(item, rule))
    if earlier:
        lines.append(f"The time before it was {earlier}.")
    lines.append(
        "Of this issue there is no other ticket while it is open; what becomes of it is said here."
    )
    return "\n\n".join(lines)


def comment(item: dict[str, Any], rule: str) -> str:
    """Return the comment that says what happened."""
    link = f"\n\n{_address(item['url'])}" if item["url"] else ""
    return f"{happened(item, rule)}{link}"


def happened(item: dict[str, Any], rule: str) -> str:
    """Return the sentence of what happened when: the same at every try, another for another time."""
    words = {
        "new_high": "New, and of high priority, since {}.",
        "sla_breached": "Late since {}.",
        "regressed": "Came back on {}.",
        "resolved": "Resolved in Sentry on {}.",
    }
    return words[rule].format(f"{item['at'].replace('T', ' ')} UTC")


def _address(url: str) -> str:
    # Our own links, or Sentry's; what would end the link, or begin markup, is encoded.
    return "".join(each if each not in "{}[]|\\<> \n" else f"%{ord(each):02X}" for each in url)
