"""One sync of one's own Sentry, as a person in a terminal sees it."""

from __future__ import annotations

import os

from rich.console import Console

from pipelines.commands.report import read_before, read_published, show
from pipelines.commands.watching import run_and_watch
from pipelines.notify.failures import KILLED, tell_failed_run
from pipelines.run_storage import RunStorageError
from pipelines.settings import Settings, SettingsError, shortened

JOB = "sync_sentry"
COMPLETE, FAILED, PARTIAL = 0, 1, 3


def sync(settings: Settings) -> int:
    """Sync once now, against the Sentry of .env.

    Returns 0 if it is complete, 3 if an organization failed, 1 if the run did.
    """
    os.umask(settings.umask)
    console = Console()
    # What cannot work is said before anything starts.
    console.print(
        f"Syncing {settings.server_url} into {shortened(settings.data)}.", highlight=False
    )
    try:
        _ = settings.token
        before = read_before(settings.published)
        outcome = run_and_watch(console, settings, JOB, os.environ)
    except (SettingsError, RunStorageError) as error:
        tell_failed_run(settings, JOB, None, str(error))
        raise
    if outcome.was_killed:
        tell_failed_run(settings, JOB, None, KILLED)
    if outcome.failure is not None:
        console.print("[red]The sync failed.[/red]")
        console.print(outcome.failure, markup=False, highlight=False)
        console.print(f"All that it logged is in {shortened(settings.run_log)}.", highlight=False)
        return FAILED
    now = read_published(settings.published)
    assert now is not None
    show(
        console,
        now,
        before,
        settings.published,
        "[bold]make dev[/bold] runs it every three hours and shows runs, lineage and checks. "
        "Edit the CSVs in [bold]seeds/[/bold]: [bold]make check[/bold], [bold]make preview[/bold].",
    )
    return PARTIAL if now.sync["status"] == "partial" else COMPLETE
