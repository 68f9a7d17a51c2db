{% set windows = {
    '7d': 'daily.date_on > clock.before_days_7_on',
    'previous_7d': 'daily.date_on > clock.before_days_14_on and daily.date_on <= clock.before_days_7_on',
    '30d': 'daily.date_on > clock.before_days_30_on',
    'previous_30d': 'daily.date_on > clock.before_days_60_on and daily.date_on <= clock.before_days_30_on',
} %}
{# Growth compares days that are over, of projects of which all of them are known. #}
{% set complete_windows = {
    '7d': 'daily.date_on >= clock.before_days_7_on and daily.date_on < clock.as_of_on',
    'previous_7d': 'daily.date_on >= clock.before_days_14_on and daily.date_on < clock.before_days_7_on',
} %}
{% set computed = ['project_count', 'covered_unresolved_issues', 'production_unresolved_issues'] %}
{% set is_known = 'daily.events_known_from <= clock.before_days_14_on' %}

with issues as (

    select
        issues.project_id,
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
    group by project_id

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

days as (

    select
        *,
        min(case when event_count is not null then date_on end) over (partition by project_id) as events_known_from
    from {{ ref('fct_project_daily') }}

),

-- A window is the sum of its days.
day_numbers as (

    select
        daily.project_id,
        {% for window, is_in_it in windows.items() %}
            sum(case when {{ is_in_it }} then daily.new_issues end) as new_issues_{{ window }},
            sum(case when {{ is_in_it }} then daily.resolved_issues end) as resolved_issues_{{ window }},
            sum(case when {{ is_in_it }} then daily.event_count end) as events_{{ window }},
            sum(case when {{ is_in_it }} then daily.production_event_count end) as production_events_{{ window }},
            sum(case when {{ is_in_it }} then daily.sessions end) as sessions_{{ window }},
            sum(case when {{ is_in_it }} then daily.crashed_sessions end) as crashed_sessions_{{ window }},
        {% endfor %}
        {% for window, is_in_it in complete_windows.items() %}
            sum(case when {{ is_known }} and {{ is_in_it }} then daily.event_count end) as events_complete_{{ window }},
        {% endfor %}
        sum(case when daily.date_on = clock.before_days_30_on then daily.unresolved_issues end)
            as unresolved_issues_30d_ago,
        max(daily.events_known_from) as events_known_from
    from days as daily
    cross join {{ ref('int_as_of') }} as clock
    group by daily.project_id

)

select
    projects.project_id,
    projects.product_id,
    1 as project_count,
    case when projects.product_id is null then 0 else coalesce(issue_numbers.unresolved_issues, 0) end
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
from {{ ref('dim_projects') }} as projects
left join issue_numbers
    on projects.project_id = issue_numbers.project_id
left join day_numbers
    on projects.project_id = day_numbers.project_id
left join production_days
    on projects.project_id = production_days.project_id
left join production
    on projects.organization_slug = production.organization_slug
where not projects.is_deleted
