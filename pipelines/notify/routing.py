"""Who is told of what: reasons by team, rule and priority of the product, in one message per recipient and rule.

Less is said where more would be noise: an issue that is late is not at risk too, a product whose change comes from
one below it is not told to who is told of that one, and more than 20 reasons in a product are one line.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipelines.catalog import Recipient
from pipelines.catalog.recipient_check import TICKET_RULES
from pipelines.catalog.recipient_values import PRODUCT_RULES, RULES, SYNC_RULES
from pipelines.notify.reasons import Reason, Snapshot, item_of, rank_of

MOST_LINES_OF_PRODUCT = 20
MOST_LINES = 100
# A ticket is about one issue.
PER_REASON = frozenset({"jira"})

_Group = tuple[str, str, str | None]  # rule, team, product


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it is in the outbox. `run_id` makes it one: the same again is the same message."""

    recipient: Recipient
    rule: str
    run_id: str
    payload: dict[str, Any]
    is_critical: bool = False
    about: str = ""

    @property
    def key(self) -> str:
        """The name of the message, the same each time that it is made."""
        parts = (
            recipient_key(self.recipient),
            *(self.rule, self.run_id, str(self.is_critical), self.about),
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def recipient_key(recipient: Recipient) -> str:
    """Return the name of a recipient: its row, whatever it asks for."""
    parts = ((recipient.team or "").lower(), recipient.channel, recipient.address)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def rules_of(recipient: Recipient) -> tuple[str, ...]:
    """Return the rules of which a recipient is told."""
    if recipient.rules is not None:
        return recipient.rules
    if recipient.channel in PER_REASON:
        return TICKET_RULES
    return RULES if recipient.team is None else PRODUCT_RULES


def messages_for(
    news: Iterable[Reason], recipients: Sequence[Recipient], snapshot: Snapshot
) -> Iterator[Draft]:
    """Yield the messages about the news, none that is empty."""
    groups: defaultdict[_Group, list[Reason]] = defaultdict(list)
    for reason in news:
        groups[reason.rule, reason.team.lower(), reason.product_id].append(reason)
    for recipient in recipients:
        for rule in rules_of(recipient):
            if rule in SYNC_RULES:
                continue
            concerned = [
                reasons
                for (each, team, _), reasons in groups.items()
                if each == rule and _is_concerned(recipient, team, reasons[0])
            ]
            if rule == "health":
                concerned = _lowest(concerned, snapshot)
            yield from _drafts(recipient, rule, concerned, snapshot)


def _is_concerned(recipient: Recipient, team: str, of_product: Reason) -> bool:
    if recipient.team is not None and recipient.team.lower() != team:
        return False
    least = recipient.min_priority
    return least is None or rank_of(of_product.product_priority) <= rank_of(least)


def _lowest(concerned: list[list[Reason]], snapshot: Snapshot) -> list[list[Reason]]:
    """Return the changes of health but those of products above one that changes in the same way."""
    above = {
        (product_id, reasons[0].is_better)
        for reasons in concerned
        for product_id in snapshot.above(reasons[0].subject)
    }
    return [
        reasons for reasons in concerned if (reasons[0].subject, reasons[0].is_better) not in above
    ]


def _drafts(
    recipient: Recipient, rule: str, concerned: list[list[Reason]], snapshot: Snapshot
) -> Iterator[Draft]:
    if recipient.channel in PER_REASON:
        for reasons in concerned:
            for reason in reasons:
                draft = _draft(recipient, rule, [[reason]], snapshot)
                yield replace(draft, about=f"{reason.organization}/{reason.subject}")
        return
    # Apart, since it may come in quiet hours.
    passes = recipient.quiet_hours is not None and recipient.quiet_hours.is_critical_sent
    for is_critical in (True, False):
        chosen = [
            reasons
            for reasons in concerned
            if (passes and reasons[0].product_priority == "critical") == is_critical
        ]
        if chosen:
            yield replace(_draft(recipient, rule, chosen, snapshot), is_critical=is_critical)


def _draft(
    recipient: Recipient, rule: str, concerned: list[list[Reason]], snapshot: Snapshot
) -> Draft:
    groups = [
        {
            "product_id": reasons[0].product_id,
            "product_name": reasons[0].product_name,
            "product_priority": reasons[0].product_priority,
            "count": len(reasons),
            "items": [item_of(reason) for reason in reasons]
            if len(reasons) <= MOST_LINES_OF_PRODUCT
            else [],
        }
        for reasons in sorted(concerned, key=_most_urgent_first)
    ]
    payload = {
        "kind": "alert",
        "rule": rule,
        "as_of": snapshot.as_of.isoformat(),
        "run_id": snapshot.run_id,
        "groups": fewer_lines(groups),
    }
    return Draft(recipient, rule, snapshot.run_id, payload)


def _most_urgent_first(reasons: list[Reason]) -> tuple[int, int, str]:
    return rank_of(reasons[0].product_priority), -len(reasons), reasons[0].product_name or ""


def fewer_lines(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the groups with the products that have the most lines in one line each, until it is few enough."""
    limit = MOST_LINES_OF_PRODUCT
    while limit:
        for group in groups:
            if group["count"] > limit:
                group["items"] = []
        if sum(len(group["items"]) or 1 for group in groups) <= MOST_LINES:
            break
        limit //= 2
    return groups


def merged(payload: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Return one alert instead of two of the same rule, the earlier one first."""
    groups = {group["product_id"]: dict(group) for group in payload["groups"]}
    for group in more["groups"]:
        known = groups.get(group["product_id"])
        if known is None:
            groups[group["product_id"]] = group
            continue
        count = known["count"] + group["count"]
        is_listed = known["items"] and group["items"] and count <= MOST_LINES_OF_PRODUCT
        items = [*known["items"], *group["items"]] if is_listed else []
        groups[group["product_id"]] = {**known, "count": count, "items": items}
    return {**more, "groups": fewer_lines(list(groups.values()))}
