"""Settings, recipients and alerts for tests of what leaves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pipelines.catalog import Recipient
from pipelines.notify.outbox import Message
from pipelines.notify.reasons import Reason, Snapshot, item_of

AS_OF = datetime(2026, 11, 23, 9)


def recipient(**facts: Any) -> Recipient:
    row = {
        "team": "commerce",
        "channel": "mail",
        "address": "ops@example.com",
        "rules": None,
        "min_priority": None,
        "digest": None,
        "quiet_hours": None,
        "timezone": "UTC",
        "line": 2,
    }
    return Recipient(**(row | facts))


def reason(subject: str = "1", **facts: Any) -> Reason:
    row = {
        "rule": "new_high",
        "organization": "acme",
        "subject": subject,
        "opened_at": AS_OF - timedelta(hours=1),
        "at": AS_OF - timedelta(hours=1),
        "title": f"ValueError: {subject}",
        "team": "Commerce",
        "product_id": "checkout",
        "product_name": "Checkout",
        "product_priority": "high",
        "url": f"https://sentry.example/issues/{subject}/",
        "detail": "WEB-1 · web · error · 12 events",
    }
    return Reason(**(row | facts))


def snapshot(*reasons: Reason, hours: float = 0, **facts: Any) -> Snapshot:
    as_of = AS_OF + timedelta(hours=hours)
    row = {
        "as_of": as_of,
        "run_id": f"run-{hours:g}",
        "catalog": "1",
        "organizations": {"acme": as_of},
        "reasons": reasons,
    }
    return Snapshot(**(row | facts))


def alert(*reasons: Reason, rule: str = "new_high", **facts: Any) -> dict[str, Any]:
    group = {
        "product_id": "checkout",
        "product_name": "Checkout",
        "product_priority": "high",
        "count": len(reasons),
        "items": [item_of(each) for each in reasons],
    }
    return {
        "kind": "alert",
        "rule": rule,
        "as_of": AS_OF.isoformat(),
        "run_id": "run-1",
        "groups": [group],
    } | facts


def message(payload: dict[str, Any], **facts: Any) -> Message:
    row = {
        "message_id": 1,
        "key": "0123456789abcdef",
        "team": "commerce",
        "channel": "mail",
        "address": "ops@example.com",
        "rule": payload.get("rule", "digest"),
        "payload": payload,
        "created_at": AS_OF,
        "tries": 0,
    }
    return Message(**(row | facts))
