-- A warehouse of $issues issues as 90 days of syncs would have left it: 20 organizations, $products products in a
-- tree some ten deep or more, $days days of counts, 2,000 projects of which a few belong to none. `hash` stands for
-- chance, so that every run has the same rows.
insert into seeds.products
select
    'product-' || n as product_id,
    'Product ' || n as name,
    case when n > 3 then 'product-' || (n // 2) end as parent_id,
    null as description,
    if(n < 4 or n % 5 = 0, 'team-' || n % 60, null) as owner_team,
    if(n < 4 or n % 7 = 0, ['critical', 'high', 'medium', 'low'][1 + n % 4], null) as priority,
    n % 50 <> 49 as is_active,
    n + 1 as line,
from range(1, $products + 1) as numbers(n);

insert into seeds.project_products
select
    null as organization,
    if(n < 50, 'area-' || n || '-*', 'area-' || n % 50 || '-service-' || n) as project,
    'product-' || (1 + n % $products) as product_id,
    n + 2 as line,
from range(2000) as numbers(n)
where n < 40 or n >= 140;

insert into seeds.sla_targets by name
select *
from (values ('critical', 24, 2), ('high', 72, 3), ('medium', 168, 4), ('low', 720, 5))
    as targets(priority, resolve_within_hours, line);

insert into raw_sentry.projects by name
select
    'org-' || n % 20 as organization_slug,
    n::varchar as project_id,
    'area-' || n % 50 || '-service-' || n as project_slug,
    'Service ' || n as project_name,
    'python' as platform,
    true as has_access,
    $as_of::timestamp - interval 300 day as created_at,
from range(2000) as numbers(n);

insert into raw_sentry.teams by name
select
    n::varchar as team_id,
    'org-' || n % 20 as organization_slug,
    'team-' || n as team_slug,
from range(200) as numbers(n);

insert into raw_sentry.project_teams by name
select
    project_id,
    (project_id::integer % 200)::varchar as team_id,
    organization_slug,
from raw_sentry.projects;

create or replace temp table drawn as
select
    n,
    'org-' || project % 20 as organization_slug,
    project,
    n::varchar as issue_id,
    chance,
    -- 45 of 100 are open, 40 resolved, 15 archived.
    case when chance % 100 < 45 then 'unresolved' when chance % 100 < 85 then 'resolved' else 'ignored' end as status,
    first_seen_at,
    first_seen_at + ($as_of::timestamp - first_seen_at) * ((chance // 1000) % 1000 / 1000) as last_seen_at,
from (
    select
        n,
        hash(n) // 8 as chance,
        (hash(n, 'project') % 2000)::integer as project,
        $as_of::timestamp - interval 1 second * (hash(n, 'age') % 7776000)::integer as first_seen_at,
    from range($issues) as numbers(n)
);

insert into raw_sentry.issues by name
select
    issue_id,
    organization_slug,
    project::varchar as project_id,
    'SERVICE-' || project || '-' || n as short_id,
    ['TypeError', 'ValueError', 'TimeoutError', 'KeyError'][1 + n % 4] || ': something went wrong in step ' || n as title,
    'service.module_' || n % 500 || ' in handle_request' as culprit,
    ['error', 'error', 'error', 'warning', 'fatal'][1 + n % 5] as level,
    status,
    'ongoing' as substatus,
    ['high', 'medium', 'low'][1 + n % 3] as issue_priority,
    'error' as issue_category,
    'error' as issue_type,
    'python' as platform,
    n % 2 = 0 as is_unhandled,
    if(n % 3 = 0, 'user', null) as assignee_type,
    if(n % 3 = 0, 'Person ' || n % 300, null) as assignee_name,
    1 + (chance // 7) % 5000 as event_count,
    1 + (chance // 11) % 300 as user_count,
    first_seen_at,
    last_seen_at,
    'https://org-' || project % 20 || '.sentry.example/issues/' || n || '/' as permalink,
    '{"type": "TypeError", "value": "something went wrong in step ' || n
    || '", "filename": "service/module.py", "function": "handle_request"}' as metadata,
    if(n % 3 = 0, '["#team-' || n % 200 || '"]', '[]') as owners,
    case when chance % 200 = 0 then 'deleted' when chance % 200 = 1 and n > 0 then 'merged' end as removed_reason,
    if(removed_reason is not null, last_seen_at, null) as removed_at,
    if(removed_reason = 'merged', (n - 1)::varchar, null) as merged_into_issue_id,
    -- A release a week in each project; of one issue in four it is not known.
    if(n % 4 > 0, 'service-' || project || '@1.' || date_diff('week', first_seen_at, $as_of::timestamp) || '.0', null)
        as first_release,
    if(status = 'unresolved', chance % 3 > 0, null) as is_in_production,
    $as_of::timestamp as observed_at,
from drawn;

-- Of four resolves Sentry tells three; one issue in ten came back before. People also assign and comment.
insert into raw_sentry.issue_activities by name
select
    issue_id,
    (4 * n + step)::varchar as activity_id,
    kind as activity_type,
    organization_slug,
    first_seen_at + (last_seen_at - first_seen_at) * (step / 4) as occurred_at,
    if(kind = 'set_regression', '{"version": "service-' || project || '@1.' || n % 13 || '.0"}', '{}') as data,
from drawn
cross join (values (1, 'set_resolved'), (2, 'set_regression'), (3, 'set_resolved'), (0, 'assigned')) as kinds(step, kind)
where
    (step = 3 and status = 'resolved' and chance % 4 > 0)
    or (step in (1, 2) and n % 10 = 0)
    or (step = 0 and n % 5 = 0);

insert into raw_sentry.issue_activities by name
select
    issue_id,
    (4 * n + 3)::varchar as activity_id,
    'set_ignored' as activity_type,
    organization_slug,
    last_seen_at as occurred_at,
from drawn
where status = 'ignored';

insert into raw_sentry.issue_status_observations by name
select
    issue_id,
    last_seen_at + interval 2 hour as observed_at,
    organization_slug,
    last_seen_at - interval 1 hour as previous_observed_at,
    'unresolved' as from_status,
    status as to_status,
from drawn
where status <> 'unresolved' and n % 2 = 0;

insert into raw_sentry.issue_daily_events by name
select
    issue_id,
    last_seen_at::date - day::integer as date_on,
    organization_slug,
    1 + chance % 50 as event_count,
from drawn
cross join range(3) as days(day)
where last_seen_at > $as_of::timestamp - interval 14 day;

insert into raw_sentry.project_daily_events by name
select
    project_id,
    $as_of::date - day::integer as date_on,
    organization_slug,
    hash(project_id, day) % 2000 as event_count,
    'stats_v2' as event_source,
from raw_sentry.projects
cross join range($days) as days(day);

insert into raw_sentry.project_daily_production_events by name
select
    project_id,
    date_on,
    organization_slug,
    event_count // 2 as event_count,
from raw_sentry.project_daily_events;

insert into raw_sentry.project_daily_sessions by name
select
    project_id,
    date_on,
    organization_slug,
    50 * event_count as sessions,
    event_count // 5 as crashed_sessions,
from raw_sentry.project_daily_events
where project_id::integer % 2 = 0 and event_count > 0;

insert into raw_sentry.releases by name
select
    organization_slug,
    project_id || '-' || week as release_id,
    'service-' || project_id || '@1.' || week || '.0' as version,
    project_id,
    $as_of::timestamp - interval 7 day * week::integer as created_at,
    if(week % 2 = 0, created_at, null) as released_at,
    hash(project_id, week) % 30 as new_issues,
from raw_sentry.projects
cross join range(13) as weeks(week);

insert into raw_sentry.organization_syncs by name
select
    'run-' || back as run_id,
    'org-' || organization as organization_slug,
    $as_of::timestamp - interval 3 hour * back::integer as started_at,
    started_at + interval 4 minute as finished_at,
    'incremental' as mode,
    'complete' as status,
from range(720) as syncs(back)
cross join range(20) as organizations(organization);
