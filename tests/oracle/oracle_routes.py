"""Which rule sends an issue to a product, tried one by one from the last."""

from __future__ import annotations

import json

from .oracle_catalog import matches
from .raw_world import Row


def deciding(rules: list[Row], issue: Row, projects: dict[str, Row]) -> Row | None:
    """The last rule that matches the issue, if any does."""
    for rule in reversed(rules):
        if _covers(rule, projects[issue["project_id"]]) and any(
            matches(rule["pattern"].lower(), text.lower()) for text in _texts(issue, rule["field"])
        ):
            return rule
    return None


def _covers(rule: Row, project: Row) -> bool:
    slugs = [project["project_slug"], *(project["former_slugs"] or ())]
    of_organization = rule["organization"] in (None, project["organization_slug"])
    return of_organization and any(matches(rule["project"], slug) for slug in slugs)


def _texts(issue: Row, field: str) -> list[str]:
    if field == "owner":
        return list(json.loads(issue["owners"] or "[]"))
    if field == "assignee":
        names = ("assignee_name", "assignee_email", "assignee_id")
        text = next((issue[name] for name in names if issue.get(name) is not None), None)
    elif field in ("filename", "function", "type"):
        text = json.loads(issue["metadata"] or "{}").get(field)
    else:
        text = issue[{"category": "issue_category"}.get(field, field)]
    return [] if text is None else [text]
