"""What Dagster hands to every asset: the settings of the run, which holds the warehouse while they are in use."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipelines import models
from pipelines.environment import unknown_names
from pipelines.publish import PublishError
from pipelines.run_failures import WAREHOUSE_TAG, ended_in_time, fail_dead_runs
from pipelines.sentry.errors import SentryError, UnavailableError
from pipelines.settings import Settings, SettingsError, read_settings
from pipelines.spark import SparkError
from pipelines.warehouse import run_log, version
from pipelines.warehouse.damage import damage, explanation
from pipelines.warehouse.errors import WarehouseError
from pipelines.warehouse.lock import run_lock

log = logging.getLogger(__name__)


@contextmanager
def explained(*, retries: bool = False) -> Iterator[None]:
    """Fail the step with the message alone where an error explains itself to people, or the warehouse is damaged.

    Dagster retries it only if `retries` and the server was not to be reached: all else would fail again.
    """
    try:
        yield
    except dg.Failure:
        raise
    except (SettingsError, SentryError, WarehouseError, PublishError, SparkError) as error:
        passing = isinstance(error, UnavailableError)
        raise dg.Failure(str(error), allow_retries=retries and passing) from None
    except Exception as error:
        if reason := damage(error):
            text = explanation(read_settings().warehouse, reason)
            raise dg.Failure(text, allow_retries=False) from None
        # A mistake of ours would be made again, too.
        raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from error


@dg.resource(
    config_schema={},
    description="The settings (environment and .env). Whoever uses them holds the warehouse: one run at a time.",
)
def run_settings(context: dg.InitResourceContext) -> Iterator[Settings]:
    """Yield the settings with the run lock held, from the first step of the run to its last."""
    with explained():
        settings = read_settings()
    for message in unknown_names(Settings.model_fields):
        log.warning(message)
    os.umask(settings.umask)
    settings.data.mkdir(parents=True, exist_ok=True)
    with explained():
        os.environ |= models.environment(settings)
    run_id = context.run_id or "outside Dagster"
    with (
        explained(),
        run_lock(settings.warehouse, f"run {run_id}, process {os.getpid()}"),
        ended_in_time(context.instance, settings, run_id),
    ):
        if context.instance:
            _claim(context.instance, run_id, settings)
        if upgraded := version.upgrade(settings.warehouse):
            log.info(upgraded)
        yield settings
        run_log.end_run(settings.warehouse, run_id)


def _claim(instance: dg.DagsterInstance, run_id: str, settings: Settings) -> None:
    """Note whose warehouse the run holds; whoever held it before has ended, or we would not."""
    if instance.has_run(run_id):
        instance.add_run_tags(run_id, {WAREHOUSE_TAG: str(settings.warehouse)})
    fail_dead_runs(instance, settings, holding=run_id)
