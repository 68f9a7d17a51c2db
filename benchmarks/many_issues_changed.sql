-- Three hours later: one issue in a hundred had events, and half of those that were open were resolved.
create or replace temp table changed as
select
    *,
    status = 'unresolved' and issue_id::bigint % 200 = 0 as is_resolved,
from raw_sentry.issues
where issue_id::bigint % 100 = 0 and removed_reason is null;

update raw_sentry.issues
set
    event_count = issues.event_count + 7,
    last_seen_at = $as_of::timestamp - interval 1 hour,
    status = if(changed.is_resolved, 'resolved', issues.status),
    observed_at = $as_of::timestamp,
    _dlt_load_id = $load_id
from changed
where issues.issue_id = changed.issue_id;

insert into raw_sentry.issue_activities by name
select
    issue_id,
    (4 * issue_id::bigint + 3)::varchar as activity_id,
    'set_resolved' as activity_type,
    organization_slug,
    $as_of::timestamp - interval 30 minute as occurred_at,
    $load_id as _dlt_load_id,
from changed
where is_resolved;

insert into raw_sentry.issue_status_observations by name
select
    issue_id,
    $as_of::timestamp as observed_at,
    organization_slug,
    $as_of::timestamp - interval 3 hour as previous_observed_at,
    'unresolved' as from_status,
    'resolved' as to_status,
    $load_id as _dlt_load_id,
from changed
where is_resolved;

insert into raw_sentry.organization_syncs by name
select
    'run-next' as run_id,
    organization_slug,
    $as_of::timestamp as started_at,
    $as_of::timestamp + interval 4 minute as finished_at,
    'incremental' as mode,
    'complete' as status,
    $load_id as _dlt_load_id,
from raw_sentry.organization_syncs
where run_id = 'run-0';
