"""The settings as `make doctor` sees them: the value of each, where it came from, and whether it can work."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import SecretStr

from pipelines.commands.diagnosis import Diagnosis, ok, problem, warning
from pipelines.environment import source_of, unknown_names
from pipelines.sentry.errors import ConfigurationError
from pipelines.sentry.http.responses import address
from pipelines.sentry.rows.redact import Redaction
from pipelines.settings import Settings, SettingsError

# Setting -> the attribute with the folder that it means.
_FOLDERS = {"data_dir": "data", "seeds_dir": "seeds", "backup_dir": "backups"}


def diagnose_settings(settings: Settings) -> Iterator[Diagnosis]:
    """Yield one line per setting and one per name that is none; secrets show only whether they are set."""
    wrong = dict(_wrong(settings))
    for name in Settings.model_fields:
        text = f"{_shown(settings, name)} ({source_of(name)})"
        yield problem(name.upper(), text, wrong[name]) if name in wrong else ok(name.upper(), text)
    for message in unknown_names(Settings.model_fields):
        name, _, rest = message.partition(" ")
        yield warning(name, rest)


def _shown(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    if isinstance(value, SecretStr):
        return "set" if value.get_secret_value().strip() else "not set"
    if name == "sentry_url":
        return address(value)
    if name in _FOLDERS:
        return str(getattr(settings, _FOLDERS[name]).absolute())
    return "empty" if value == "" else str(value)


def _wrong(settings: Settings) -> Iterator[tuple[str, str]]:
    properties = {"sentry_url": "server_url", "sentry_auth_token": "token"}
    for name, attribute in (properties | {"pages_url": "pages_address"}).items():
        try:
            getattr(settings, attribute)
        except SettingsError as error:
            yield name, str(error)
    try:
        Redaction(settings.personal_data, settings.personal_data_key.get_secret_value())
    except ConfigurationError as error:
        yield "personal_data", str(error)
