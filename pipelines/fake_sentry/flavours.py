"""Which server the fake Sentry plays: one `Flavour` per kind, each difference a field.

GlitchTip differs in everything but the paths, so its API has a room of its own (`glitchtip`).
"""

from __future__ import annotations

from dataclasses import dataclass

SORTS = frozenset({"date", "new", "freq", "user", "trends", "recommended", "inbox"})
OLD_SORTS = frozenset({"date", "new", "freq", "priority"})


@dataclass(frozen=True)
class Flavour:
    """What one kind of Sentry does differently."""

    name: str
    has_rate_limits: bool = False
    sorts: frozenset[str] = SORTS
    bad_sort_status: int = 400
    bad_cursor_status: int = 400
    project_slug_status: int = 400
    has_current_fields: bool = True  # substatus, priority, lifetime, issueType, isUnhandled, ...
    has_platform: bool = True
    has_milliseconds: bool = False
    has_event_window: bool = True  # start/end on the issue list, and counts of that window
    has_group_batches: bool = True
    has_all_projects: bool = True  # project=-1
    has_several_projects: bool = True  # the feature global-views
    has_organization_detail: bool = True  # /organizations/{o}/issues/{id}/
    has_activities: bool = True
    has_stats_v2: bool = True
    has_is_archived: bool = True
    has_owners: bool = True  # expand=owners
    checks_expand: bool = False  # 400 for a word that it does not know
    has_discover: bool = True  # /organizations/{o}/events/
    discover_status: int = 404  # where there is none
    has_first_last_release: bool = True
    has_release_in_detail: bool = True  # of an issue alone
    has_sessions: bool = True
    has_releases: bool = True
    has_releases_by_project: bool = True  # ids and newGroups of the projects of a release
    # Every how manieth request on a connection that was used before finds it closed; 0: none does.
    resets_reused: int = 0


FLAVOURS = {
    flavour.name: flavour
    for flavour in (
        Flavour("saas", has_rate_limits=True),
        Flavour("self-hosted"),
        Flavour(
            "sentry10",
            sorts=OLD_SORTS,
            bad_sort_status=500,
            has_current_fields=False,
            has_activities=False,
            has_stats_v2=False,
            has_is_archived=False,
            has_owners=False,
            has_first_last_release=False,
            has_sessions=False,
            has_releases_by_project=False,
            resets_reused=4,
        ),
        Flavour(
            "sentry9",
            sorts=OLD_SORTS,
            bad_sort_status=500,
            bad_cursor_status=500,
            project_slug_status=500,
            has_current_fields=False,
            has_platform=False,
            has_milliseconds=True,
            has_event_window=False,
            has_group_batches=False,
            has_all_projects=False,
            has_several_projects=False,
            has_organization_detail=False,
            has_activities=False,
            has_stats_v2=False,
            has_is_archived=False,
            has_owners=False,
            has_discover=False,
            discover_status=500,
            has_first_last_release=False,
            has_sessions=False,
            has_releases_by_project=False,
        ),
        Flavour("glitchtip", has_release_in_detail=False),  # up to version 5
    )
}
