{% set computed = ['project_count', 'covered_unresolved_issues', 'production_unresolved_issues'] %}

with issues as (

    select
        issues.project_id,
        coalesce(issues.product_id, '(unassigned)') as product_id,
        issues.status,
        issues.sla_status,
        issues.event_count,
        issues.user_count,
        issues.last_seen_at,
        issues.opened_at,
        issues.is_in_production,
        coalesce(issues.issue_priority = 'high', false) or coalesce(issues.level = 'fatal', false) as is_high,
        issues.status = 'unresolved' and cast(issues.last_seen_at as date) > clock.before_days_7_on as is_active
    from {{ ref('fct_issues') }} as issues
    cross join {{ ref('int_as_of') }} as clock
    where not {{ is_removed('issues.status') }}

),

issue_numbers as (

    select
        project_id,
        product_id,
        count(*) as total_issues,
        count(case when status = 'unresolved' then 1 end) as unresolved_issues,
        count(case when status = 'resolved' then 1 end) as resolved_issues,
        count(case when status = 'ignored' then 1 end) as ignored_issues,
        sum(event_count) as event_count,
        sum(user_count) as user_count,
        count(case when status = 'unresolved' and is_in_production then 1 end) as production_unresolved_issues,
        count(case when status = 'unresolved' and is_high then 1 end) as unresolved_high_issues,
        count(case when status = 'unresolved' and sla_status = 'breached' then 1 end) as sla_breached_issues,
        count(case when status = 'unresolved' and sla_status = 'at_risk' then 1 end) as sla_at_risk_issues,
        count(case when is_active then 1 end) as active_issues,
        count(case when is_active and sla_status = 'breached' then 1 end) as late_active_issues,
        count(case when is_active and sla_status = 'breached' and is_high then 1 end) as late_high_issues,
        count(case when status = 'unresolved' and sla_status = 'at_risk' and is_high then 1 end)
            as at_risk_high_issues,
        min(case when status = 'unresolved' then opened_at end) as oldest_unresolved_at,
        max(last_seen_at) as last_seen_at
    from issues
    group by project_id, product_id

),

-- Where of no open issue of an organization it is known whether it is in production, nobody asked.
production as (

    select distinct organization_slug
    from {{ ref('fct_issues') }}
    where
        status = 'unresolved'
        and is_in_production is not null

),

production_days as (

    select
        project_id,
        min(date_on) as production_events_known_from
    from {{ ref('int_project_usage') }}
    where production_event_count is not null
    group by project_id

),

-- A project counts in its own product alone, whatever becomes of its issues.
parts as (

    select
        project_id,
        product_id,
        max(project_count) as project_count
    from (
        select
            project_id,
            coalesce(product_id, '(unassigned)') as product_id,
            1 as project_count
        from {{ ref('dim_projects') }}

        union all

        select
            project_id,
            product_id,
            0 as project_count
        from issue_numbers

        union all

        select
            project_id,
            product_id,
            0 as project_count
        from {{ ref('int_project_day_numbers') }}
    ) as counted
    group by project_id, product_id

)

select
    parts.project_id,
    parts.product_id,
    parts.project_count,
    case when parts.product_id = '(unassigned)' then 0 else coalesce(issue_numbers.unresolved_issues, 0) end
        as covered_unresolved_issues,
    case when production.organization_slug is not null then coalesce(issue_numbers.production_unresolved_issues, 0) end
        as production_unresolved_issues,
    {% for column in numbers() if column not in computed %}
        cast({{ zero_if_counted(column, column) }} as bigint) as {{ column }},
    {% endfor %}
    coalesce(day_numbers.events_known_from, date '9999-12-31') as events_known_from,
    coalesce(production_days.production_events_known_from, date '9999-12-31') as production_events_known_from,
    issue_numbers.oldest_unresolved_at,
    issue_numbers.last_seen_at
from parts
inner join {{ ref('dim_projects') }} as projects
    on parts.project_id = projects.project_id
left join issue_numbers
    on
        parts.project_id = issue_numbers.project_id
        and parts.product_id = issue_numbers.product_id
left join {{ ref('int_project_day_numbers') }} as day_numbers
    on
        parts.project_id = day_numbers.project_id
        and parts.product_id = day_numbers.product_id
left join production_days
    on parts.project_id = production_days.project_id
left join production
    on projects.organization_slug = production.organization_slug
where not projects.is_deleted
