"""The tickets: their states read back from Jira, for the mart `fct_tickets`."""

import sqlite3
from collections.abc import Iterator

import dagster as dg

from pipelines.notify.channels import JIRA
from pipelines.notify.delivery import utc_now
from pipelines.notify.store import NotifyError
from pipelines.notify.tickets.jira_server import JiraProblemError
from pipelines.notify.tickets.refresh import known, refresh
from pipelines.progress import write_progress
from pipelines.resources import explained
from pipelines.settings import Settings
from pipelines.warehouse.tickets import replace_tickets

KEY = dg.AssetKey(["ops", "tickets"])
UNUSABLE = (sqlite3.Error, NotifyError, JiraProblemError)


@dg.asset(
    key=KEY,
    group_name="raw",
    kinds={"duckdb"},
    description="One row per ticket created in Jira for an issue, with its state there at the start of the run.",
    check_specs=[
        dg.AssetCheckSpec(
            "states_read",
            asset=KEY,
            description="The states of the tickets could be read from Jira; if not, those of the last time go on.",
        )
    ],
)
def tickets(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None]]:
    """Read the states of tickets, and bring what is known of them into the warehouse; without Jira a check fails."""
    write_progress(settings.progress, step="tickets")
    failure, count = None, 0
    with explained():
        try:
            if known(settings):
                count = refresh(settings, JIRA.server(settings), utc_now())
        except UNUSABLE as error:
            context.log.error(str(error))
            failure = str(error)
        try:
            rows = known(settings)
            replace_tickets(settings.warehouse, rows)
        except UNUSABLE:
            rows = []  # what the warehouse holds stays; the check says why
    yield dg.MaterializeResult(
        metadata={"rows": len(rows), "states_read": count},
        check_results=[
            dg.AssetCheckResult(
                check_name="states_read",
                passed=failure is None,
                severity=dg.AssetCheckSeverity.WARN,
                description=failure,
            )
        ],
    )
