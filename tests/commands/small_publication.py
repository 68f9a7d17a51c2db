"""A published file with the two tables that the commands read, and a few rows."""

from __future__ import annotations

from pathlib import Path

import duckdb

PROJECTS = """
    create table marts.dim_projects as
    select * from (values
        ('acme', 'checkout-web', null::varchar[], false),
        ('acme', 'general-ledger', ['ledger'], false)
    ) as projects (organization_slug, project_slug, former_slugs, is_deleted);
"""
PROJECTS_WITH_ISSUES = """
    create table marts.dim_projects as
    select * from (values
        ('1', 'acme', 'checkout-web', null::varchar[], false),
        ('2', 'acme', 'general-ledger', ['ledger'], false)
    ) as projects (project_id, organization_slug, project_slug, former_slugs, is_deleted);
    create table marts.fct_issues as
    select * from (values
        ('1', 'Typo', null, 'unresolved', null::varchar[]),
        ('2', 'INVOICE', 'pay.1000', 'resolved', ['user:1', '#payments']),
        ('2', 'gone', null, 'deleted', null)
    ) as issues (project_id, title, culprit, status, owners);
    create table marts.issue_rules as
    select null::varchar as organization_slug, 'ledger' as project_pattern, 'title' as field,
        'Old typo' as pattern, 0 as routed_issues;
"""
UNASSIGNED = """
    create table marts.unassigned_projects as
    select * from (values
        ('acme', 'quiet', 0, 0, null, null),
        ('acme', 'ledger-api', 12, 3400, 'payments', 'shares the prefix "ledger" with ledger'),
        ('acme', 'checkout-new', 1, 2, 'checkout', 'mapped by now')
    ) as projects (
        organization_slug, project_slug, unresolved_issues, events_7d,
        suggested_product_id, suggestion_reason
    );
"""


def write_published(sql: str, data: Path = Path("data")) -> Path:
    """Write the file with the tables that the statements create, and return its path."""
    published = data / "product_health.duckdb"
    published.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(published)) as connection:
        connection.execute("create schema if not exists marts;" + sql)
    return published
