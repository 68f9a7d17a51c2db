"""Tickets beside their issues."""

from __future__ import annotations

from .oracle_facts import Oracle
from .raw_world import Row


def fct_tickets(oracle: Oracle) -> list[Row]:
    """One row per ticket that is known, whether or not its issue is."""
    return [
        _with_issue(ticket, oracle.issues.get(ticket["issue_id"]))
        for ticket in oracle.world.tickets
    ]


def _with_issue(ticket: Row, issue: Row | None) -> Row:
    status = issue["status"] if issue else None
    is_done = ticket["ticket_status_category"] == "done"
    is_open = ticket["ticket_status_category"] in ("to_do", "in_progress")
    disagreement = None
    if ticket["is_latest"] and is_done and status == "unresolved":
        disagreement = "issue_is_open"
    if ticket["is_latest"] and is_open and status == "resolved":
        disagreement = "ticket_is_open"
    passed_on = {name: value for name, value in ticket.items() if name != "project"}
    return passed_on | {
        "organization_slug": issue["organization_slug"] if issue else ticket["organization_slug"],
        "product_id": issue["product_id"] if issue else None,
        "issue_status": status,
        "issue_resolved_at": issue["resolved_at"] if issue else None,
        "disagreement": disagreement,
    }
