"""`notify.sqlite`: what is known, what waits to be sent, and what has been. SQLite keeps it, one transaction a step."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

FORMAT = 2
# Times are naive UTC as ISO text: those of episodes by Sentry's clock, those of messages by this machine's.
TABLES = """
create table if not exists told (subject text primary key, reason text, told_at text);
create table if not exists evaluation (
    only_row integer primary key check (only_row = 1), as_of text not null, run_id text not null, catalog text not null
);
create table if not exists organizations (
    organization text primary key, baseline_at text not null, synced_at text not null
);
create table if not exists products (product_id text primary key, health text not null);
create table if not exists episodes (
    rule text not null, organization text not null, subject text not null, opened_at text not null,
    known_at text not null, is_told integer not null,
    primary key (rule, organization, subject, opened_at)
) without rowid;
create table if not exists messages (
    message_id integer primary key, key text not null unique, recipient text not null, team text,
    channel text not null, address text not null, timezone text not null, rule text not null,
    subject text not null, payload text not null, state text not null, tries integer not null,
    created_at text not null, due_at text not null, tried_at text, error text
);
create index if not exists due_messages on messages (state, due_at);
create index if not exists messages_of_recipients on messages (recipient, due_at);
create table if not exists tickets (
    ticket_id integer primary key, label text not null unique, project text not null, organization text not null,
    issue_id text not null, opened_at text not null, seen_until text not null, made_by text not null, earlier_key text,
    is_linked integer not null, asked_at text, ticket_key text, url text, created_at text, resolved_at text,
    status text, status_category text, ticket_resolved_at text, refreshed_at text
);
create index if not exists tickets_of_issues on tickets (project, organization, issue_id);
create table if not exists digests (recipient text primary key, made_on text not null, covered_until text);
"""
_WAIT = 30.0  # seconds, for another process to end its transaction
_OPERATIONAL = sqlite3.OperationalError


class NotifyError(Exception):
    """The file of the notifications cannot be used; the message says why, and what to do."""


@contextmanager
def opened(path: Path, umask: int = 0o027) -> Iterator[sqlite3.Connection]:
    """Return the database, made where it is missing. Raises NotifyError where it is damaged or of a newer version.

    sqlite3.OperationalError is the disk's: full, read-only, or locked for too long.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o666 & ~umask))
    try:
        with closing(sqlite3.connect(path, timeout=_WAIT, isolation_level=None)) as db:
            db.row_factory = sqlite3.Row
            _prepare(db, path)
            yield db
    except _OPERATIONAL:
        raise
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error


@contextmanager
def read(path: Path) -> Iterator[sqlite3.Connection]:
    """Return the database for reading; nothing is written, nor made. Raises NotifyError, and sqlite3's own."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=5)) as db:
            db.row_factory = sqlite3.Row
            yield db
    except _OPERATIONAL:
        raise
    except sqlite3.DatabaseError as error:
        raise damaged(path, error) from error


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Keep all that the block writes, or nothing."""
    db.execute("begin immediate")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


def damaged(path: Path, error: Exception) -> NotifyError:
    """Return the message that the file is damaged, and what a new one would lose."""
    return NotifyError(
        f"{path} is damaged ({error}). Move it away: the next run begins a new one, without sending again what holds "
        "already. What was waiting to be sent, and the record of what was, are lost; `make restore` has them as of "
        "the last backup."
    )


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    (found,) = db.execute("pragma user_version").fetchone()
    if found > FORMAT:
        raise NotifyError(
            f"{path} has format {found}, this version of the program knows {FORMAT}. Install the newer version again."
        )
    db.execute("pragma synchronous = full")
    if found < FORMAT:
        with transaction(db):
            for statement in filter(str.strip, TABLES.split(";")):
                db.execute(statement)
            db.execute(f"pragma user_version = {FORMAT}")
