"""`/sync/`: how the data came here: runs, failures, freshness of each organization, messages sent, and tickets."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from pipelines.notify.record import latest
from pipelines.pages.listing import Column, Listing
from pipelines.pages.published import Reader
from pipelines.pages.respond import reads, respond
from pipelines.publish import publications

SYNC_RUNS = Listing(
    query="sync_runs",
    table="sync_runs",
    columns=(
        Column("started_at", "Started", "moment"),
        Column("status", "Status", "status"),
        Column("mode", "Mode"),
        Column("hours_taken", "Took", "hours"),
        Column("requests", "Requests", "number"),
        Column("issues_upserted", "Issues changed", "number"),
        Column("issues_total", "Issues in all", "number"),
        Column("failures", "What failed"),
    ),
    sort="-started_at",
    tie="run_id",
    filters={"status": ("complete", "partial", "failed", "running")},
)


@reads
def syncs(request: Request, reader: Reader) -> Response:
    """Return the runs, the newest first, the freshness of each organization, and the publications that are kept."""
    wanted = SYNC_RUNS.asked(request)
    if form := request.path_params.get("form"):
        return SYNC_RUNS.export(reader, wanted, form)
    return respond(
        request,
        reader,
        "sync",
        page=SYNC_RUNS.page(reader, wanted),
        organizations=reader.run("from marts.organization_freshness order by hours_behind desc, 1"),
        publications=publications(request.app.state.file.path),
        notified=latest(request.app.state.notify_state),
        tickets=reader.rows("tickets"),
    )
