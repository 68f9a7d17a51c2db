"""`make demo`: the real job against the fake Sentry, and what came of it; `--ui` opens Dagster on the same data.

Each run moves the fake Sentry's clock three hours on, so the second one shows that only changes are fetched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console

from pipelines.commands.dagster import serve
from pipelines.commands.report import Published, read_before, read_published, show
from pipelines.commands.watching import run_and_watch
from pipelines.demo.mail_catcher import caught, index_of, mail_catcher
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.server import TOKEN, FakeSentry
from pipelines.notify.delivery import deliver
from pipelines.notify.digest import note_digests
from pipelines.pages.app import create_app
from pipelines.pages.serving import served
from pipelines.settings import EXAMPLE, Settings, shortened

console = Console()
MOST_MAILS = 5
SUGGEST = "make suggest DATA_DIR=data/demo SEEDS_DIR=seeds/example"
NEXT = (
    "[bold]make demo-ui[/bold] shows the pages on http://127.0.0.1:8000, and runs, lineage and checks in Dagster. "
    "Edit [bold]seeds/example/products.csv[/bold] and run it again. "
    "For your own Sentry: [bold]cp .env.example .env[/bold], put a token there, "
    "then [bold]make doctor[/bold] and [bold]make sync[/bold]."
)


def demo(settings: Settings, port: int, with_ui: bool) -> int:
    """Run the whole pipeline against a sample Sentry, no account needed; again: three hours later."""
    os.umask(settings.umask)
    # Apart from the data of one's own Sentry, also on Spark.
    apart = {"data_dir": settings.demo_data, "dagster_postgres_url": SecretStr("")}
    settings = settings.model_copy(update=apart | {"seeds_dir": EXAMPLE, "models_on": "duckdb"})
    mails = settings.data / "mails"
    with _fake_sentry(settings) as sentry, mail_catcher(mails) as smtp_url:
        mailed = {
            "notify_smtp_url": SecretStr(smtp_url),
            "notify_from": "Sentry by Product <demo@example.com>",
            "pages_url": f"http://127.0.0.1:{settings.pages_port}",
        }
        settings = settings.model_copy(update=mailed)
        environment = environment_of(settings, sentry.url)
        if with_ui:
            shown = {"sentry_url": sentry.url, "pages_editing": True, "pages_host": "127.0.0.1"}
            settings.sample_runs.touch()
            app = create_app(settings.model_copy(update=shown))
            with served(app, settings.pages_port) as url:
                print(f"The pages are on {url}.", flush=True)
                print(f"Mails are caught, to be looked at: {index_of(mails).as_uri()}", flush=True)
                return serve(settings, port, environment)
        return _run(settings, environment, sentry)


def _run(settings: Settings, environment: dict[str, str], sentry: FakeSentry) -> int:
    data = settings.data
    runs = _runs_so_far(settings)
    before = read_before(settings.published) if runs else None
    clock = f"{sentry.world.clock:%a %d %b %Y %H:%M} UTC"
    console.print(f"A sample Sentry is running on {sentry.url}; its clock says {clock}.")
    earlier = len(caught(data / "mails"))
    outcome = run_and_watch(console, settings, "sync_sentry", environment)
    if outcome.failure is not None:
        console.print(f"[red]The job failed.[/red] All that it logged is in {settings.run_log}.")
        console.print(outcome.failure, markup=False, highlight=False)
        return 1
    settings.sample_runs.write_text(str(runs + 1), encoding="utf-8")
    after = _published(settings.published)
    again = (
        "run [bold]make demo[/bold] again: three hours will have passed, and only what changed is fetched. "
        if before is None
        else ""
    )
    show(console, after, before, settings.published, again + NEXT, SUGGEST)
    _send_digests(settings, sentry.world.clock.replace(tzinfo=None), is_first=before is None)
    _show_mails(data / "mails", earlier)
    return 0


def _send_digests(settings: Settings, clock: datetime, *, is_first: bool) -> None:
    """Send the digests that are due by the fake Sentry's clock, the first of them at once."""
    if is_first:
        note_digests(settings, clock - timedelta(days=7))
    note_digests(settings, clock)
    deliver(settings, now=lambda: clock)


def _show_mails(folder: Path, earlier: int) -> None:
    """Name the mails of this run to the recipients of the example; `earlier`: how many there were before."""
    mails = caught(folder)
    for path, to, subject in mails[: len(mails) - earlier][:MOST_MAILS]:
        console.print(f"Mail to {to}: {subject}", markup=False, highlight=False)
        console.print(f"  {shortened(path)}", markup=False, highlight=False)
    if mails:
        console.print(f"All mails: {index_of(folder).as_uri()}", markup=False, highlight=False)


def _published(path: Path) -> Published:
    published = read_published(path)
    if published is None:
        raise SystemExit("The job ended well but published nothing; please report this.")
    return published


@contextmanager
def _fake_sentry(settings: Settings) -> Iterator[FakeSentry]:
    """Serve the sample world as it is after the runs so far. It has no rate limits: nobody wants to wait for them."""
    with FakeSentry(sample_world(steps=_runs_so_far(settings)), flavour="self-hosted") as sentry:
        yield sentry


def _runs_so_far(settings: Settings) -> int:
    try:
        return int(settings.sample_runs.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def environment_of(settings: Settings, url: str) -> dict[str, str]:
    """Return the environment of the job: the fake Sentry, the demo's own data folder, and nothing of `.env`."""
    blank = dict.fromkeys((name.upper() for name in Settings.model_fields), "")
    return {
        **os.environ,
        **blank,
        "SENTRY_URL": url,
        "SENTRY_AUTH_TOKEN": TOKEN,
        "NOTIFY_SMTP_URL": settings.notify_smtp_url.get_secret_value(),
        "NOTIFY_FROM": settings.notify_from,
        "PAGES_URL": settings.pages_url,
        "DATA_DIR": str(settings.data),
        "SEEDS_DIR": str(EXAMPLE),
        "PRODUCTION_ENVIRONMENTS": "production",
        "UNIQUE_USERS": "true",
        "MODELS_ON": settings.models_on,
        "SPARK_URL": settings.spark_url,
        "SPARK_STORAGE": settings.spark_storage,
        # A young history is short enough to be read at once.
        "ACTIVITY_REQUESTS_PER_RUN": "5000",
    }
