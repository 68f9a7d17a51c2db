"""Dagster's instance with files that obey FILE_UMASK, however Dagster is started.

`dagster.yaml` names it, so that every process of Dagster's loads this module before it makes a file.
"""

from __future__ import annotations

import os
from contextlib import suppress

from dagster import DagsterInstance

from pipelines.settings import SettingsError, read_settings

__all__ = ["DagsterInstance"]

# Who starts a run is told what is wrong with the settings.
with suppress(SettingsError):
    os.umask(read_settings().umask)
