with events as (

    select
        events.issue_id,
        sum(events.event_count) as events_7d
    from {{ ref('stg_sentry__issue_daily_events') }} as events
    inner join {{ ref('int_as_of') }} as clock
        on
            events.date_on > clock.before_days_7_on
            and events.date_on <= clock.as_of_on
    group by events.issue_id

),

resolved_before as (

    select distinct issue_id
    from {{ ref('int_issue_status_spans') }}
    where status = 'resolved'

),

weighed as (

    select
        issues.organization_slug,
        issues.issue_id,
        issues.short_id,
        issues.title,
        issues.project_slug,
        issues.product_id,
        products.product_name,
        products.product_priority,
        products.owner_team,
        issues.level,
        issues.issue_priority,
        issues.substatus,
        issues.assignee,
        issues.user_count,
        cast(coalesce(events.events_7d, 0) as bigint) as events_7d,
        issues.sla_status,
        issues.opened_at,
        issues.last_seen_at,
        issues.permalink,
        case products.product_priority
            when 'critical' then 25 when 'high' then 18 when 'medium' then 10 when 'low' then 4 else 7
        end as product_points,
        case
            when issues.level = 'fatal' or issues.issue_priority = 'high' then 20
            when issues.issue_priority = 'medium' then 12
            when issues.issue_priority is null and issues.level = 'error' then 12
            else 4
        end as severity_points,
        least(20, round(5 * log10(1 + coalesce(issues.user_count, 0)), 1)) as user_points,
        least(15, round(4 * log10(1 + coalesce(events.events_7d, 0)), 1)) as event_points,
        case issues.sla_status when 'breached' then 15 when 'at_risk' then 10 else 0 end as sla_points,
        case when issues.substatus = 'regressed' or resolved_before.issue_id is not null then 5 else 0 end
            as regression_points
    from {{ ref('fct_issues') }} as issues
    left join {{ ref('dim_products') }} as products
        on issues.product_id = products.product_id
    left join events
        on issues.issue_id = events.issue_id
    left join resolved_before
        on issues.issue_id = resolved_before.issue_id
    where
        issues.status = 'unresolved'
        and coalesce(products.is_active, true)

),

scored as (

    select
        *,
        -- Tenths do not add up exactly, and equal scores have to be equal to share an order.
        round(
            cast(product_points + severity_points + sla_points + regression_points as double)
            + user_points + event_points,
            1
        ) as score
    from weighed

)

select
    cast(row_number() over (order by score desc, last_seen_at desc nulls last, issue_id asc) as bigint) as triage_rank,
    score,
    cast(product_points as double) as product_points,
    cast(severity_points as double) as severity_points,
    cast(user_points as double) as user_points,
    cast(event_points as double) as event_points,
    cast(sla_points as double) as sla_points,
    cast(regression_points as double) as regression_points,
    organization_slug,
    issue_id,
    short_id,
    title,
    project_slug,
    product_id,
    product_name,
    product_priority,
    owner_team,
    level,
    issue_priority,
    substatus,
    assignee,
    user_count,
    events_7d,
    sla_status,
    opened_at,
    last_seen_at,
    permalink
from scored
