"""Each failure reaches a real command and a real webhook, once, without a secret; and nothing that they do matters."""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

import pytest

from pipelines.notify.channels import on_failure
from pipelines.notify.failures import KILLED, heal, tell_failed_run, tell_late, tell_organizations
from pipelines.settings import Settings
from tests.notify.receiver import Webhook, command, told

TOKEN = "sntryu_top-secret"


@pytest.fixture
def heard(tmp_path: Path) -> Path:
    return tmp_path / "heard.jsonl"


@pytest.fixture
def settings(tmp_path: Path, heard: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SENTRY_AUTH_TOKEN", TOKEN)
    monkeypatch.setenv("PERSONAL_DATA_KEY", "pepper")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ON_FAILURE_COMMAND", command(heard))
    return Settings()


def test_command_and_webhook_get_the_failure_and_no_secret(settings: Settings, heard: Path) -> None:
    with Webhook() as webhook:
        settings.on_failure_webhook = type(settings.on_failure_webhook)(webhook.url)
        tell_failed_run(settings, "sync", "1a2b", f"HTTP 401: Bearer {TOKEN} is no good")
    [[kind, run_id, text, environment]] = told(heard)
    assert (kind, run_id) == ("failed", "1a2b")
    assert text == (
        "Sentry by Product: a run has failed (run 1a2b)\nHTTP 401: Bearer [token] is no good"
    )
    assert webhook.received == [{"text": text, "kind": "failed", "run_id": "1a2b"}]
    assert environment["PATH"] == os.environ["PATH"]
    assert not {"SENTRY_AUTH_TOKEN", "PERSONAL_DATA_KEY", "ON_FAILURE_COMMAND"} & environment.keys()


def test_once_per_failure_until_it_works_again_or_fails_otherwise(
    settings: Settings, heard: Path
) -> None:
    steps = [
        (lambda: tell_failed_run(settings, "sync", "1", "down"), 1),
        (lambda: tell_failed_run(settings, "sync", "1", "down"), 1),  # by another process
        (lambda: tell_failed_run(settings, "sync", "2", "down"), 1),
        (lambda: tell_failed_run(settings, "sync", "3", KILLED), 2),
        (lambda: tell_failed_run(settings, "rebuild", "4", KILLED), 3),
        (lambda: heal(settings, "job sync"), 3),
        (lambda: tell_failed_run(settings, "sync", "3", KILLED), 3),  # the daemon noticed late
        (lambda: tell_failed_run(settings, "sync", None, KILLED), 4),  # it came to no run
        (lambda: tell_failed_run(settings, "sync", "5", KILLED), 4),
        (lambda: tell_organizations(settings, "6", {"acme": "HTTP 500", "beta": None}), 5),
        (lambda: tell_organizations(settings, "7", {"acme": "HTTP 500", "beta": "HTTP 403"}), 6),
        (lambda: tell_organizations(settings, "8", {"acme": None, "beta": "HTTP 403"}), 6),
        (lambda: tell_organizations(settings, "9", {"acme": "HTTP 500", "beta": None}), 7),
        (lambda: tell_late(settings, "since 06:00"), 8),
        (lambda: tell_late(settings, "since 06:00, still"), 8),
        (lambda: tell_late(settings, None), 8),
        (lambda: tell_late(settings, "since 15:00"), 9),
    ]
    for number, (step, expected) in enumerate(steps):
        step()
        assert len(told(heard)) == expected, number
    texts = [text for _, _, text, _ in told(heard)]
    assert sum("beta: HTTP 403" in text for text in texts) == 1


@pytest.mark.parametrize("is_full", [False, True])
def test_what_cannot_be_noted_is_told_once_by_each_process(
    settings: Settings, heard: Path, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    def no_room(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    if is_full:
        monkeypatch.setattr("pipelines.notify.store.sqlite3.connect", no_room)
    settings.data.mkdir()
    for _ in range(3):
        tell_late(settings, "since 06:00")
    assert len(told(heard)) == 1
    heal(settings, "schedule")
    assert (settings.notify_state.stat().st_size > 0) is not is_full


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("on_failure_command", "no-such-program --now", "cannot be started"),
        ("on_failure_command", "sh -c 'echo no route >&2; exit 7'", "ended with code 7. no route"),
        ("on_failure_command", "sleep 60", "was ended after 1 seconds"),
        ("on_failure_command", 'mail "ops', "cannot be started"),
        ("on_failure_webhook", "status 500", "answered with HTTP 500"),
        ("on_failure_webhook", "status 302", "answered with HTTP 302"),
        ("on_failure_webhook", "http://127.0.0.1:9/secret-path", "could not be reached"),
        ("on_failure_webhook", "secret-path", "could not be reached (MissingSchema)"),
    ],
)
def test_who_cannot_be_told_is_said_in_the_log_and_nothing_else_happens(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    setting: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setattr(on_failure, "TIMEOUT", 1.0)
    settings.on_failure_command = type(settings.on_failure_command)("")
    with Webhook(int(value[7:]) if value.startswith("status") else 200) as webhook:
        value = webhook.url if value.startswith("status") else value
        setattr(settings, setting, type(settings.on_failure_command)(value))
        with caplog.at_level(logging.ERROR):
            tell_failed_run(settings, "sync", "1", "down")
    assert words in caplog.text
    assert "secret-path" not in caplog.text


def test_where_nobody_is_named_nothing_is_kept(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    tell_failed_run(settings, "sync", "1", "down")
    heal(settings, "job sync")
    assert not settings.data.exists()
