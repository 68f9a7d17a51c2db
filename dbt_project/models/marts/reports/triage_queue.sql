with resolved_before as (

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
        issues.events_7d,
        issues.sla_status,
        {{ hours_between('issues.opened_at', 'clock.as_of') }} / issues.sla_target_hours as sla_time_used,
        issues.opened_at,
        issues.last_seen_at,
        issues.is_in_production,
        issues.introduced_in_release,
        issues.regressed_in_release,
        issues.permalink,
        case products.product_priority
            when 'critical' then 20 when 'high' then 14 when 'medium' then 8 when 'low' then 3 else 6
        end as product_points,
        case
            when issues.level = 'fatal' or issues.issue_priority = 'high' then 20
            when issues.issue_priority = 'medium' then 12
            when issues.issue_priority is null and issues.level = 'error' then 12
            else 4
        end as severity_points,
        least(25, round(6 * log10(1 + coalesce(issues.user_count, 0)), 1)) as user_points,
        least(20, round(5 * log10(1 + coalesce(issues.events_7d, 0)), 1)) as event_points,
        case when issues.substatus = 'regressed' or resolved_before.issue_id is not null then 5 else 0 end
            as regression_points
    from {{ ref('fct_issues') }} as issues
    left join {{ ref('dim_products') }} as products
        on issues.product_id = products.product_id
    cross join {{ ref('int_as_of') }} as clock
    left join resolved_before
        on issues.issue_id = resolved_before.issue_id
    where
        issues.status = 'unresolved'
        and coalesce(products.is_active, true)

),

with_sla as (

    select
        *,
        -- Counts have all environments in them, so that what is not in production hurts fewer people than they say.
        case when not is_in_production then -floor(round(10 * (user_points + event_points)) / 2) / 10 else 0 end
            as production_points,
        case
            when sla_time_used > 0.25 then least(10, round(4 + 2 * log2(sla_time_used), 1))
            else 0
        end as sla_points
    from weighed

),

scored as (

    select
        *,
        -- Tenths do not add up exactly, and equal scores have to be equal to share an order.
        round(
            cast(product_points + severity_points + regression_points as double)
            + user_points + event_points + sla_points + production_points,
            1
        ) as score
    from with_sla

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
    cast(production_points as double) as production_points,
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
    sla_time_used,
    opened_at,
    last_seen_at,
    is_in_production,
    introduced_in_release,
    regressed_in_release,
    permalink
from scored
