with issues as (

    select
        issues.project_id,
        issues.status,
        issues.sla_status,
        issues.event_count,
        issues.user_count,
        issues.first_seen_at,
        issues.last_seen_at,
        issues.opened_at,
        coalesce(issues.issue_priority = 'high', false) or coalesce(issues.level = 'fatal', false) as is_high,
        clock.as_of,
        clock.days_ago_7,
        clock.days_ago_30,
        clock.days_ago_60
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
        count(case when first_seen_at > days_ago_7 and first_seen_at <= as_of then 1 end) as new_issues_7d,
        count(case when first_seen_at > days_ago_30 and first_seen_at <= as_of then 1 end) as new_issues_30d,
        count(case when first_seen_at > days_ago_60 and first_seen_at <= days_ago_30 then 1 end)
            as new_issues_previous_30d,
        sum(event_count) as event_count,
        sum(user_count) as user_count,
        count(case when status = 'unresolved' and is_high then 1 end) as unresolved_high_issues,
        count(case when status = 'unresolved' and sla_status = 'breached' then 1 end) as sla_breached_issues,
        count(case when status = 'unresolved' and sla_status = 'breached' and is_high then 1 end)
            as sla_breached_high_issues,
        count(case when status = 'unresolved' and sla_status = 'at_risk' then 1 end) as sla_at_risk_issues,
        min(case when status = 'unresolved' then opened_at end) as oldest_unresolved_at,
        max(last_seen_at) as last_seen_at
    from issues
    group by project_id

),

resolution_numbers as (

    select
        resolutions.project_id,
        count(case when resolutions.resolved_at > clock.days_ago_7 then 1 end) as resolved_issues_7d,
        count(case when resolutions.resolved_at > clock.days_ago_30 then 1 end) as resolved_issues_30d,
        count(case when resolutions.resolved_at <= clock.days_ago_30 then 1 end) as resolved_issues_previous_30d
    from {{ ref('int_issue_resolutions') }} as resolutions
    inner join {{ ref('int_as_of') }} as clock
        on
            resolutions.resolved_at > clock.days_ago_60
            and resolutions.resolved_at <= clock.as_of
    group by resolutions.project_id

),

event_numbers as (

    select
        events.project_id,
        sum(case when events.date_on > clock.before_days_7_on then events.event_count end) as events_7d,
        sum(
            case
                when events.date_on > clock.before_days_14_on and events.date_on <= clock.before_days_7_on
                    then events.event_count
            end
        ) as events_previous_7d,
        sum(case when events.date_on > clock.before_days_30_on then events.event_count end) as events_30d,
        sum(case when events.date_on <= clock.before_days_30_on then events.event_count end) as events_previous_30d
    from {{ ref('stg_sentry__project_daily_events') }} as events
    inner join {{ ref('int_as_of') }} as clock
        on
            events.date_on > clock.before_days_60_on
            and events.date_on <= clock.as_of_on
    group by events.project_id

)

select
    projects.project_id,
    projects.product_id,
    1 as project_count,
    {% for column in numbers() if column != 'project_count' %}
        cast(coalesce({{ column }}, 0) as bigint) as {{ column }},
    {% endfor %}
    issue_numbers.oldest_unresolved_at,
    issue_numbers.last_seen_at
from {{ ref('dim_projects') }} as projects
left join issue_numbers
    on projects.project_id = issue_numbers.project_id
left join resolution_numbers
    on projects.project_id = resolution_numbers.project_id
left join event_numbers
    on projects.project_id = event_numbers.project_id
where not projects.is_deleted
