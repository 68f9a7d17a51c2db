"""The tickets `ops.tickets`, as `notify.sqlite` knows them: copied here for the models, and changed nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.warehouse.attach import connect

CREATE = """
create schema if not exists ops;

create table if not exists ops.tickets (
    project varchar,
    organization_slug varchar,
    issue_id varchar,
    ticket_key varchar,
    ticket_url varchar,
    ticket_status varchar,
    ticket_status_category varchar,
    earlier_ticket_key varchar,
    is_latest boolean,
    opened_at timestamp,
    created_at timestamp,
    ticket_resolved_at timestamp,
    refreshed_at timestamp
);
"""


def replace_tickets(warehouse: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let the table hold these rows, which have its columns, and no others."""
    with connect(warehouse) as db:
        db.execute(CREATE)
        db.execute("begin")
        db.execute("delete from ops.tickets")
        if rows:
            db.register("known", pa.Table.from_pylist([dict(row) for row in rows]))
            db.execute("insert into ops.tickets by name from known")
        db.execute("commit")
