"""One failure on its way to people: to the command and the webhook that `.env` names.

Neither can make a run fail, or keep it waiting for longer than `TIMEOUT` seconds each.
"""

from __future__ import annotations

import logging
import os
import shlex
import subprocess
from dataclasses import dataclass, replace
from typing import Literal

import requests
from pydantic import SecretStr

from pipelines.settings import Settings

log = logging.getLogger(__name__)

TIMEOUT = 20.0
TITLES = {
    "failed": "a run has failed",
    "partial": "an organization could not be synced",
    "late": "nothing new has been published for too long",
}


@dataclass(frozen=True)
class Failure:
    """What went wrong, as people read it. `kind`: the run, one organization of it, or that none succeeded in time."""

    kind: Literal["failed", "partial", "late"]
    text: str
    run_id: str | None = None

    @property
    def message(self) -> str:
        """The whole message: what, in which run, why."""
        run = f" (run {self.run_id})" if self.run_id else ""
        return f"Sentry by Product: {TITLES[self.kind]}{run}\n{self.text}"


def send(settings: Settings, failure: Failure) -> None:
    """Hand the failure to everyone who is named; who cannot be reached is said in the log."""
    command, webhook = _named(settings)
    if token := settings.sentry_auth_token.get_secret_value().strip():
        failure = replace(failure, text=failure.text.replace(token, "[token]"))
    if command:
        _run(settings, command, failure)
    if webhook:
        _post(webhook, failure)


def somebody_is_named(settings: Settings) -> bool:
    """Return whether there is anyone to tell."""
    return any(_named(settings))


def _named(settings: Settings) -> tuple[str, str]:
    named = (settings.on_failure_command, settings.on_failure_webhook)
    command, webhook = (each.get_secret_value().strip() for each in named)
    return command, webhook


def _run(settings: Settings, command: str, failure: Failure) -> None:
    """Start the command, without a shell: the message on stdin, kind and run in its environment, and no secret."""
    secret = {
        name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)
    }
    environment = {name: value for name, value in os.environ.items() if name.lower() not in secret}
    environment |= {"FAILURE_KIND": failure.kind, "FAILURE_RUN_ID": failure.run_id or ""}
    try:
        done = subprocess.run(
            shlex.split(command),
            input=failure.message,
            env=environment,
            cwd=settings.data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        log.error("ON_FAILURE_COMMAND was ended after %g seconds.", TIMEOUT)
    except (OSError, ValueError) as error:
        log.error("ON_FAILURE_COMMAND cannot be started: %s", error)
    else:
        if done.returncode:
            words = done.stderr.strip().rpartition("\n")[2][:200]
            log.error("ON_FAILURE_COMMAND ended with code %d. %s", done.returncode, words)


def _post(webhook: str, failure: Failure) -> None:
    """POST the message as JSON. The address is a secret: errors are named by their kind alone."""
    body = {"text": failure.message, "kind": failure.kind, "run_id": failure.run_id}
    try:
        # The reply is not read: only its first line counts.
        with requests.post(
            webhook, json=body, timeout=TIMEOUT / 2, allow_redirects=False, stream=True
        ) as reply:
            status = reply.status_code
    except (requests.RequestException, ValueError) as error:
        log.error("ON_FAILURE_WEBHOOK could not be reached (%s).", type(error).__name__)
    else:
        if status >= 300:
            log.error("ON_FAILURE_WEBHOOK answered with HTTP %d.", status)
