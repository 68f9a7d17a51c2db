"""What `.env` names for failures alone: a command, and a webhook as chats take it."""

from __future__ import annotations

import os
import shlex
import subprocess

import requests
from pydantic import SecretStr

from pipelines import address_variables
from pipelines.notify.channels.channel import NotSentError, RefusedError, UncertainError
from pipelines.notify.outbox import Message
from pipelines.settings import Settings

TIMEOUT = 20.0  # seconds


class FailureCommand:
    """ON_FAILURE_COMMAND, without a shell: the message on stdin, kind and run in its environment, and no secret."""

    is_repeatable = False

    def place(self, message: Message) -> str:
        """Return the command: there is one."""
        return "ON_FAILURE_COMMAND"

    def send(self, settings: Settings, message: Message) -> None:
        """Start the command and wait for its end."""
        command = settings.on_failure_command.get_secret_value().strip()
        if not command:
            raise NotSentError("ON_FAILURE_COMMAND is not set any more.")
        try:
            done = subprocess.run(
                shlex.split(command),
                input=message.payload["message"],
                env=_environment(settings, message),
                cwd=settings.data,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UncertainError(
                f"ON_FAILURE_COMMAND was ended after {TIMEOUT:g} seconds."
            ) from None
        except (OSError, ValueError) as error:
            raise NotSentError(f"ON_FAILURE_COMMAND cannot be started: {error}") from None
        if done.returncode:
            words = done.stderr.strip().rpartition("\n")[2][:200]
            # It may have told somebody before: it is not started again.
            raise RefusedError(f"ON_FAILURE_COMMAND ended with code {done.returncode}. {words}")


def _environment(settings: Settings, message: Message) -> dict[str, str]:
    secret = {
        name for name in Settings.model_fields if isinstance(getattr(settings, name), SecretStr)
    }
    shown = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in secret and not name.startswith(address_variables.PREFIX)
    }
    payload = message.payload
    return shown | {"FAILURE_KIND": payload["failure"], "FAILURE_RUN_ID": payload["run_id"] or ""}


class FailureWebhook:
    """ON_FAILURE_WEBHOOK: the message as JSON."""

    is_repeatable = False

    def place(self, message: Message) -> str:
        """Return the address: there is one."""
        return "ON_FAILURE_WEBHOOK"

    def send(self, settings: Settings, message: Message) -> None:
        """POST the message. The address is a secret: errors are named by their kind alone."""
        payload = message.payload
        body = {
            "text": payload["message"],
            "kind": payload["failure"],
            "run_id": payload["run_id"],
        }
        webhook = settings.on_failure_webhook.get_secret_value().strip()
        try:
            # The reply is not read: only its first line counts.
            with requests.post(
                webhook, json=body, timeout=TIMEOUT / 2, allow_redirects=False, stream=True
            ) as reply:
                status = reply.status_code
        except requests.ReadTimeout:
            raise UncertainError("ON_FAILURE_WEBHOOK did not answer in time.") from None
        except (requests.RequestException, ValueError) as error:
            raise NotSentError(
                f"ON_FAILURE_WEBHOOK could not be reached ({type(error).__name__})."
            ) from None
        if status >= 300:
            raise NotSentError(f"ON_FAILURE_WEBHOOK answered with HTTP {status}.")
