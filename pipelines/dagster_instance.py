"""Dagster's instance, whose files obey FILE_UMASK however Dagster is started. `dagster.yaml` names it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from pipelines.settings import SettingsError, read_settings


class Instance(dg.DagsterInstance):
    """Dagster's own; the first process that opens it sets the umask, and its children inherit that."""

    @classmethod
    def config_schema(cls) -> dict[str, Any]:
        """Return what dagster.yaml can set beyond Dagster's own: nothing."""
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> Mapping[str, Any]:
        """Return Dagster's own; it asks for them before it makes a file."""
        # Whoever starts a run is told what is wrong with the settings.
        with suppress(SettingsError):
            os.umask(read_settings().umask)
        return InstanceRef.config_defaults(base_dir)
