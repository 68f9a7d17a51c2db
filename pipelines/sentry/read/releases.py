"""The releases of an organization: its list, the latest first, as far back as something may have changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime

from pipelines.sentry import bounds
from pipelines.sentry.dialect import Dialect
from pipelines.sentry.http.client import FULL_PAGE, Row, SentryApi
from pipelines.sentry.rows import releases as rows

log = logging.getLogger("pipelines.sentry")


def read_releases(
    api: SentryApi,
    organization: str,
    dialect: Dialect,
    project_ids: Mapping[str, str],
    since: datetime,
) -> Iterator[list[Row]]:
    """Yield rows of `releases`, page by page, until one ends before `since`; `project_ids` by slug are those wanted."""
    path = f"organizations/{organization}/releases/"
    everything = dialect.listing == "organization" and dialect.many_projects
    params = {**FULL_PAGE, "sort": "date"} | ({"project": -1} if everything else {})
    for number, page in enumerate(api.pages(path, params, bounds.HELD_PAGES + 1), 1):
        if number > bounds.HELD_PAGES:
            log.warning(
                "%s: only the latest %d00 releases are read.", organization, bounds.HELD_PAGES
            )
            return
        yield [row for body in page.rows for row in rows.release(body, organization, project_ids)]
        if page.rows and rows.published_at(page.rows[-1]) < since:
            return
