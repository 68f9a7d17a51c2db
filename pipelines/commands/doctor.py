"""`make doctor`: what is right and what is wrong with this installation, in seconds and without a sync."""

from __future__ import annotations

import logging
from collections import Counter

from rich.console import Console

from pipelines.catalog.finding import counted
from pipelines.commands.diagnosis import show
from pipelines.commands.doctor_files import diagnose_files
from pipelines.commands.doctor_models import diagnose_models
from pipelines.commands.doctor_notifications import diagnose_notifications
from pipelines.commands.doctor_server import diagnose_server
from pipelines.commands.doctor_settings import diagnose_settings
from pipelines.settings import Settings

SECTIONS = {
    "Settings": diagnose_settings,
    "Sentry": diagnose_server,
    "This machine": diagnose_files,
    "Models": diagnose_models,
    "Notifications": diagnose_notifications,
}


def doctor(settings: Settings) -> int:
    """Say what is right and wrong with settings, server, token, files and schedule; change nothing."""
    # What the readers below warn of, a line says here.
    logging.getLogger("pipelines").addHandler(logging.NullHandler())
    console = Console(highlight=False)
    levels: Counter[str] = Counter()
    for title, diagnose in SECTIONS.items():
        console.print(f"[bold]{title}[/bold]")
        for found in diagnose(settings):
            show(console, found)
            levels[found.level] += 1
    console.print(
        f"{counted(levels['problem'], 'problem')}, {counted(levels['warning'], 'warning')}"
    )
    return 1 if levels["problem"] else 0
