"""The projects of the raw tables, as the catalog is compared with them."""

from __future__ import annotations

import duckdb

from pipelines.warehouse.synced_projects import synced_projects


def test_the_projects_of_the_last_sync_come_with_their_former_slugs() -> None:
    warehouse = duckdb.connect()
    assert synced_projects(warehouse) == []
    warehouse.execute(
        """
        create schema raw_sentry;
        create table raw_sentry.projects (
            project_id varchar, organization_slug varchar, project_slug varchar, deleted_at timestamp
        );
        create table raw_sentry.project_slugs (
            project_id varchar, organization_slug varchar, project_slug varchar, adopted_at timestamp
        );
        insert into raw_sentry.projects values
            ('1', 'acme', 'ledger', null), ('2', 'acme', 'gone', '2026-01-01'), ('3', 'beta', 'web', null);
        insert into raw_sentry.project_slugs values
            ('1', 'acme', 'oldest', '2025-01-01'),
            ('1', 'acme', 'older', '2025-02-01'),
            ('1', 'acme', 'ledger', '2025-03-01'),
            ('1', 'beta', 'elsewhere', '2025-01-01'),
            ('2', 'acme', 'gone', '2025-01-01');
        """
    )

    assert synced_projects(warehouse) == [
        ("acme", "gone", None, True),
        ("acme", "ledger", ["older", "oldest"], False),
        ("beta", "web", None, False),
    ]
