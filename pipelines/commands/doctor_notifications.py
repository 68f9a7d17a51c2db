"""Whether people can be told, as `make doctor` sees it: the mail server, the addresses, and what was not sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipelines.catalog import Recipient
from pipelines.catalog.finding import counted
from pipelines.catalog.recipient_check import address_problem
from pipelines.catalog.recipient_values import environment_name
from pipelines.commands.diagnosis import Diagnosis, ok, problem, some_of, warning
from pipelines.environment import from_environment
from pipelines.notify.channels import JIRA
from pipelines.notify.channels.channel import NotSentError
from pipelines.notify.channels.mail import connected, sender_of, server_of
from pipelines.notify.news import recipients
from pipelines.notify.record import latest
from pipelines.notify.tickets.jira_server import JiraProblemError
from pipelines.settings import Settings, shortened


def diagnose_notifications(settings: Settings) -> Iterator[Diagnosis]:
    """Yield one line per subject; nothing is sent, and nothing written."""
    try:
        to = recipients(settings)
    except sqlite3.Error as error:
        yield problem("recipients", str(error))
        return
    if not to:
        yield ok("recipients", "recipients.csv names nobody; docs/notifications.md says how to")
    else:
        yield ok("recipients", counted(len(to), "row") + " of recipients.csv")
        yield from _addresses(to)
        if any(row.channel == "mail" for row in to):
            yield _mail_server(settings)
        if any(row.channel == "jira" for row in to):
            yield _jira(settings)
    yield from _outbox(settings)


def _addresses(to: tuple[Recipient, ...]) -> Iterator[Diagnosis]:
    for row in to:
        name = environment_name(row.address)
        if name is None:
            continue
        address = from_environment(name)
        if not address:
            text = f"is not set, and line {row.line} of recipients.csv names it"
            yield problem(name, text, "Set it in .env, or remove the row.")
        elif address_problem(row.channel, address):
            yield problem(
                name, f"holds no address of channel {row.channel}", "Set it anew in .env."
            )
        else:
            yield ok(name, "set")


def _mail_server(settings: Settings) -> Diagnosis:
    try:
        sender_of(settings)
        server = server_of(settings)
        with connected(server):
            return ok("mail server", f"{server.host}:{server.port} takes mail")
    except NotSentError as error:
        return problem("mail server", str(error), "Set NOTIFY_SMTP_URL and NOTIFY_FROM in .env.")


def _jira(settings: Settings) -> Diagnosis:
    try:
        server = JIRA.server(settings)
        server.find("sbp-doctor")
    except JiraProblemError as error:
        return problem("Jira", str(error), "Set JIRA_URL, JIRA_TOKEN and, for Cloud, JIRA_USER.")
    return ok("Jira", f"{urlsplit(server.url).hostname} answers")


def _outbox(settings: Settings) -> Iterator[Diagnosis]:
    record = latest(settings.notify_state)
    name = shortened(settings.notify_state)
    if record.problem:
        yield problem("outbox", record.problem)
        return
    counts = {state: record.counts.get(state, 0) for state in ("pending", "unknown", "failed")}
    text = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    errors = sorted({row["error"] for row in record.messages if row["error"]})
    if counts["failed"] or errors:
        yield warning(
            "outbox", f"{name}: {text}; {some_of(errors)}", "/sync/ of the pages shows each."
        )
    else:
        yield ok("outbox", f"{name}: {text}" if settings.notify_state.exists() else "nothing yet")
