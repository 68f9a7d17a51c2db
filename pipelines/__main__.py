"""The command line of the project: `python -m pipelines COMMAND`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from pipelines.backup import BackupError
from pipelines.commands.backup import backup, restore
from pipelines.commands.check import check
from pipelines.commands.dagster import daemon, dev, webserver
from pipelines.commands.doctor import doctor
from pipelines.commands.init import init
from pipelines.commands.notify_preview import notify_preview
from pipelines.commands.preview import preview
from pipelines.commands.publications import publications
from pipelines.commands.rollback import rollback
from pipelines.commands.suggest import suggest
from pipelines.commands.sync import sync
from pipelines.demo.on_spark import spark
from pipelines.demo.run import demo
from pipelines.environment import unknown_names
from pipelines.notify.store import NotifyError
from pipelines.preview.build_models import DryRunError
from pipelines.publish import PublishError
from pipelines.run_storage import RunStorageError
from pipelines.settings import Settings, SettingsError, read_settings
from pipelines.spark import SparkError
from pipelines.warehouse.errors import WarehouseError

# Each is called with the settings and its own options. Its name and summary are those of the command.
COMMANDS: tuple[Callable[..., int | None], ...] = (
    *(demo, dev, sync, doctor),
    *(init, check, suggest, preview, notify_preview),
    *(publications, rollback, backup, restore),
    *(webserver, daemon, spark),
)


# What explains itself to people.
EXPLAINED = (
    *(SettingsError, PublishError, DryRunError),
    *(WarehouseError, BackupError, RunStorageError, NotifyError, SparkError),
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 1, after one message, where it cannot do its work."""
    options = vars(_parser().parse_args(arguments))
    # A value can hold any character; not every terminal can show it.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for message in unknown_names(Settings.model_fields):
        print(message, file=sys.stderr)
    run = options.pop("run")
    try:
        return run(read_settings(), **options) or 0
    except EXPLAINED as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipelines", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        summary = (command.__doc__ or "").partition("\n")[0]
        name = command.__name__.replace("_", "-")
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(run=command)
    commands.choices["preview"].add_argument(
        "--markdown",
        dest="as_markdown",
        action="store_true",
        help="for the comment of a pull request",
    )
    for name in ("dev", "demo", "webserver"):
        commands.choices[name].add_argument("--port", type=int, default=3000, help="of the UI")
    commands.choices["demo"].add_argument(
        "--ui", dest="with_ui", action="store_true", help="the Dagster UI over the demo's data"
    )
    commands.choices["webserver"].add_argument(
        "--host", default="127.0.0.1", help="where to listen (default: this machine alone)"
    )
    commands.choices["webserver"].add_argument(
        "--read-only",
        dest="is_read_only",
        action="store_true",
        help="to look at; nobody can start or stop anything",
    )
    commands.choices["rollback"].add_argument(
        "label",
        nargs="?",
        metavar="PUBLISHED",
        help="which one, as `publications` lists it (default: the one before the current)",
    )
    commands.choices["restore"].add_argument(
        "backup", nargs="?", metavar="BACKUP", help="its label or folder (default: the newest)"
    )
    return parser


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough: no reason to complain on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
