"""`make demo`: the real job against the stand-in Sentry, and what came of it; `--ui` opens Dagster on the same data.

Each run moves the stand-in's clock three hours on, so the second one shows that only changes are fetched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from pipelines.demo.report import Published, read_published, show
from pipelines.fake_sentry.sample import sample_world
from pipelines.fake_sentry.server import TOKEN, StandIn
from pipelines.resources import ROOT, read_settings

DAGSTER = str(Path(sys.executable).with_name("dagster"))
console = Console()


def main() -> int:
    """Run the demo, or the UI over its data; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo", description=__doc__)
    parser.add_argument("--ui", action="store_true", help="open the Dagster UI on the demo's data")
    parser.add_argument("--port", default="3000", help="port of the UI")
    options = parser.parse_args()
    # Apart from the data of one's own Sentry.
    data = read_settings().data / "demo"
    with _stand_in(data) as sentry:
        environment = _environment(data, sentry.url)
        if options.ui:
            return _ui(environment, options.port)
        return _run(data, environment, sentry)


def _run(data: Path, environment: dict[str, str], sentry: StandIn) -> int:
    runs = _runs_so_far(data)
    before = read_published(data / "product_health.duckdb") if runs else None
    clock = f"{sentry.world.clock:%a %d %b %Y %H:%M} UTC"
    console.print(f"A sample Sentry is running on {sentry.url}; its clock says {clock}.")
    command = [DAGSTER, "job", "execute", "-m", "pipelines.definitions", "-j", "sync_sentry"]
    log = data / "last_run.log"
    with (
        console.status("Running the Dagster job sync_sentry against it ..."),
        log.open("w", encoding="utf-8") as output,
    ):
        code = subprocess.run(
            command, env=environment, cwd=data, stdout=output, stderr=output, check=False
        ).returncode
    if code:
        lines = log.read_text(encoding="utf-8").splitlines()
        causes = [line.partition("Failure: ")[2] for line in lines if "Failure: " in line]
        console.print(f"[red]The job failed.[/red] All of it is in {log}. The cause:")
        console.print("\n".join(causes[-1:] or lines[-30:]), markup=False)
        return code
    (data / "runs").write_text(str(runs + 1), encoding="utf-8")
    after = _published(data)
    show(console, after, before, data / "product_health.duckdb")
    return 0


def _published(data: Path) -> Published:
    published = read_published(data / "product_health.duckdb")
    if published is None:
        raise SystemExit("The job ended well but published nothing; please report this.")
    return published


def _ui(environment: dict[str, str], port: str) -> int:
    if not _is_free(port):
        console.print(f"Port {port} is in use. Stop what runs there, or: make demo-ui PORT=3001")
        return 1
    console.print(
        f"Dagster is starting on http://127.0.0.1:{port} over the demo's data. Stop with Ctrl-C."
    )
    command = [DAGSTER, "dev", "-h", "127.0.0.1", "-p", port, "-m", "pipelines.definitions"]
    process = subprocess.Popen(command, env=environment, cwd=environment["DATA_DIR"])
    # Dagster's processes would outlive this one.
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()


def _is_free(port: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError:
            return False
        return True


@contextmanager
def _stand_in(data: Path) -> Iterator[StandIn]:
    """Serve the sample world as it is after the runs so far. It has no rate limits: nobody wants to wait for them."""
    with StandIn(sample_world(steps=_runs_so_far(data)), flavour="self-hosted") as sentry:
        yield sentry


def _runs_so_far(data: Path) -> int:
    try:
        return int((data / "runs").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def _environment(data: Path, url: str) -> dict[str, str]:
    """Return the environment of the job: the stand-in as Sentry, the demo's own data folder.

    It has to run in a folder without `.env`, which Dagster would put in its place.
    """
    home = data / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "dagster.yaml", home / "dagster.yaml")
    return os.environ | {
        "SENTRY_URL": url,
        "SENTRY_AUTH_TOKEN": TOKEN,
        "SENTRY_ORG": "",
        "DATA_DIR": str(data),
        "DAGSTER_HOME": str(home),
        # A young history is short enough to be read at once.
        "ACTIVITY_REQUESTS_PER_RUN": "5000",
    }


if __name__ == "__main__":
    sys.exit(main())
