create or replace table marts.dim_products as
with products as (
    select
        range as n,
        'product-' || range as product_id,
        if(range < 2, null, 'product-' || (range // 4)) as parent_product_id,
        ['critical', 'high', 'medium', 'low'][1 + range % 4] as product_priority,
    from range($products)
)
select
    product_id, 'Product ' || n as product_name, parent_product_id, product_id as root_product_id,
    'Product ' || n as path, if(n < 2, 0, 1) as depth, n as tree_order, 'Product ' || n as tree_label,
    $stamp as description, 'team-' || n % 7 as owner_team, 'own' as owner_team_source,
    product_priority, 'own' as product_priority_source, true as is_active,
    n * 4 >= $products as is_leaf,
from products;

create or replace table marts.product_closure as
with recursive closure as (
    select product_id as ancestor_id, product_id as descendant_id, 0 as distance from marts.dim_products
    union all
    select closure.ancestor_id, child.product_id, closure.distance + 1
    from closure
    inner join marts.dim_products as child on closure.descendant_id = child.parent_product_id
)
from closure;

create or replace table marts.dim_projects as
select
    'acme' as organization_slug, (1000 + range)::varchar as project_id, 'project-' || range as project_slug,
    'Project ' || range as project_name, 'python' as platform,
    if(range % 10 = 9, null, 'product-' || range % $products) as product_id,
    if(range % 10 = 9, null, 'exact') as mapped_by, false as is_deleted,
from range($projects);

create or replace table marts.fct_issues as
with numbered as (
    select range as n, (hash(range) >> 1)::bigint as h, $as_of::timestamp - to_seconds(range * 7) as first_seen_at,
    from range($issues)
),

issues as (
    select
        *,
        (1000 + h % $projects)::varchar as project_id,
        ['unresolved', 'unresolved', 'resolved', 'resolved', 'resolved', 'ignored', 'deleted', 'merged'][1 + h // 8 % 8] as status,
    from numbered
)
select
    project.organization_slug, issues.n::varchar as issue_id,
    upper(project.project_slug) || '-' || issues.n as short_id, issues.project_id, project.project_slug,
    project.product_id,
    ['TypeError', 'KeyError', 'TimeoutError', 'IntegrityError'][1 + h % 4] || ': no ' || hex(h) || ' in the basket' as title,
    $stamp as culprit,
    ['error', 'warning', 'fatal', 'info'][1 + h // 4 % 4] as level, issues.status,
    null::varchar as substatus, 'medium' as issue_priority, 'error' as issue_category,
    'person-' || h % 50 as assignee, h % 5000 as event_count, h % 400 as user_count,
    issues.first_seen_at, least($as_of::timestamp, issues.first_seen_at + to_seconds(h % 900000)) as last_seen_at,
    issues.first_seen_at as opened_at,
    if(issues.status = 'resolved', issues.first_seen_at + to_seconds(h % 500000), null) as resolved_at,
    if(issues.status = 'resolved', (h % 500000) / 3600.0, null) as hours_to_resolution,
    72.0 as sla_target_hours, 'met' as sla_status,
    'https://acme.sentry.io/issues/' || issues.n || '/' as permalink, null::varchar as merged_into_issue_id,
from issues
inner join marts.dim_projects as project using (project_id);

create or replace table marts.fct_issue_status_changes as
select
    organization_slug, issue_id, resolved_at as changed_at, 'unresolved' as from_status, status as to_status,
    'activity' as source,
from marts.fct_issues
where status = 'resolved';

create or replace table marts.fct_project_daily as
select
    organization_slug, project_id, ($as_of::timestamp)::date - day.range::int as date_on,
    hash(project_id, day.range) % 1000 as event_count, 3::bigint as new_issues, 2::bigint as resolved_issues,
    40::bigint as unresolved_issues,
from marts.dim_projects, range($days) as day;

create or replace table marts.product_daily as
select
    product_id, ($as_of::timestamp)::date - day.range::int as date_on,
    hash(product_id, day.range) % 1000 as event_count, 3::bigint as new_issues, 2::bigint as resolved_issues,
    40::bigint as unresolved_issues,
from marts.dim_products, range($days) as day;

create or replace table marts.product_overview as
with own as (
    select
        product_id, count(*) as total_issues,
        count(*) filter (where status = 'unresolved') as unresolved_issues,
    from marts.fct_issues
    where status not in ('deleted', 'merged') and product_id is not null
    group by all
)
select
    product.*,
    coalesce(sum(own.total_issues), 0)::bigint as total_issues,
    coalesce(sum(own.total_issues) filter (where distance = 0), 0)::bigint as own_total_issues,
    coalesce(sum(own.unresolved_issues), 0)::bigint as unresolved_issues,
    coalesce(sum(own.unresolved_issues) filter (where distance = 0), 0)::bigint as own_unresolved_issues,
    'healthy' as health, $stamp as health_reason,
from marts.dim_products as product
inner join marts.product_closure as closure on product.product_id = closure.ancestor_id
left join own on closure.descendant_id = own.product_id
group by all;

create or replace table marts.team_accountability as
select owner_team, count(*) as product_count from marts.dim_products group by all;

create or replace table marts.unassigned_projects as
select organization_slug, project_slug, 4::bigint as unresolved_issues
from marts.dim_projects where product_id is null;

create or replace table marts.sla_compliance as
select product_priority, date '2026-11-01' as month_on, count(*) as resolved_issues
from marts.dim_products group by all;

create or replace table marts.executive_summary as
select product_id, product_name, product_priority, health from marts.product_overview
where parent_product_id is null;

create or replace table marts.organization_freshness as
select 'acme' as organization_slug, $as_of::timestamp as synced_at, 'complete' as status;

create or replace table marts.triage_queue as
select $stamp as run_id, 1::bigint as triage_rank, 62.5::double as score;

create or replace table marts.product_health_measures as
select 'p0' as product_id, 'late_high_issues' as measure, 1::double as value, 'critical' as state, $stamp as reason;

create or replace table marts.product_health_history as
select 'p0' as product_id, 'critical' as health, $stamp as health_reason, $as_of::timestamp as valid_from;

create or replace table marts.product_movers as
select 'p0' as product_id, 1::bigint as mover_rank, 'new' as change, '1' as issue_id, $stamp as title;

create or replace table marts.fct_tickets as
select issue_id, 'SHOP-' || issue_id as ticket_key, true as is_latest
from marts.fct_issues
limit 3;

create or replace table marts.issue_rules as
select 2::integer as line, 'p0' as product_id, $stamp as pattern;

create or replace table marts.product_monthly as
select 'p0' as product_id, date_trunc('month', $as_of::timestamp)::date as month_on, 3::bigint as event_count;

create or replace table marts.dim_releases as
select
    'acme' as organization_slug, 'backend@2.1.0' as version, project_id, $as_of::timestamp as released_at,
    5::bigint as new_issues,
from marts.dim_projects;

create or replace table marts.product_releases as
select
    product_id, 'acme' as organization_slug, 'backend@2.1.0' as version, 'backend' as package,
    '2.1.0' as version_name, $as_of::timestamp as released_at, 5::bigint as new_issues, 3::bigint as unresolved_issues,
from marts.dim_products;

create or replace table marts.product_history as
select $stamp as run_id, 'p0' as product_id, $as_of::timestamp as valid_from, null::timestamp as valid_to;

create or replace table marts.project_assignment_history as
select $stamp as run_id, '1' as project_id, $as_of::timestamp as valid_from, null::timestamp as valid_to;

create or replace view warehouse.marts.product_issues as
select
    closure.ancestor_id as product_id, closure.distance, issues.product_id as own_product_id,
    issues.* exclude (product_id),
from warehouse.marts.product_closure as closure
inner join warehouse.marts.fct_issues as issues on closure.descendant_id = issues.product_id
where issues.status not in ('deleted', 'merged');

create or replace view warehouse.marts.sync_runs as
with organizations as (
    select
        run_id, any_value(mode) as mode, count(*)::integer as organizations,
        count(*) filter (status = 'failed')::integer as failed_organizations,
        string_agg(organization_slug || ': ' || failure, '; ') as failures,
        sum(requests)::bigint as requests, sum(pages)::bigint as pages, sum(retries)::bigint as retries,
        sum(seconds_rate_limited) as seconds_rate_limited, sum(issues_new)::bigint as issues_new,
        sum(issues_changed)::bigint as issues_changed, sum(issues_vanished)::bigint as issues_vanished,
        sum(issues_new + issues_changed)::bigint as issues_upserted,
    from warehouse.raw_sentry.organization_syncs
    group by run_id
)
select
    run_id, started_at, finished_at, mode, status, organizations, failed_organizations, failures,
    requests, pages, retries, seconds_rate_limited, issues_new, issues_changed, issues_vanished,
    issues_upserted, issues_total,
from warehouse.ops.sync_runs
left join organizations using (run_id);

comment on table marts.product_overview is 'One row per product; it''s the one to start with.';
comment on column marts.product_overview.own_total_issues is 'Live issues of the product''s own projects.';
comment on view marts.product_issues is 'One row per product and live issue of its tree.';
