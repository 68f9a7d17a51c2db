{{ config(materialized='view') }}

with daily as (

    select
        counts.project_id,
        coalesce(projects.product_id, '(unassigned)') as product_id,
        counts.date_on,
        counts.event_count
    from {{ ref('stg_sentry__project_daily_events') }} as counts
    inner join {{ ref('dim_projects') }} as projects
        on counts.project_id = projects.project_id

),

routed as (

    select
        sent.project_id,
        sent.product_id,
        events.date_on,
        sum(events.event_count) as event_count
    from {{ ref('int_issue_routes') }} as routes
    inner join {{ ref('int_issue_products') }} as sent
        on routes.issue_id = sent.issue_id
    inner join {{ ref('stg_sentry__issues') }} as issues
        on routes.issue_id = issues.issue_id
    inner join {{ ref('stg_sentry__issue_daily_events') }} as events
        on routes.issue_id = events.issue_id
    where not {{ is_removed('issues.status') }}
    group by sent.project_id, sent.product_id, events.date_on

),

-- Issues and projects are counted at different times: no more goes with the issues than the project accepted.
in_order as (

    select
        routed.*,
        daily.event_count as accepted_count,
        sum(routed.event_count) over (
            partition by routed.project_id, routed.date_on
            order by routed.event_count desc, routed.product_id asc
            rows between unbounded preceding and current row
        ) as running_count
    from routed
    inner join daily
        on
            routed.project_id = daily.project_id
            and routed.date_on = daily.date_on
    where routed.product_id <> daily.product_id

),

moved as (

    select
        project_id,
        product_id,
        date_on,
        least(running_count, accepted_count) - least(running_count - event_count, accepted_count) as event_count
    from in_order

),

moved_in_all as (

    select
        project_id,
        date_on,
        sum(event_count) as event_count
    from moved
    group by project_id, date_on

)

select
    project_id,
    product_id,
    date_on,
    event_count
from moved

union all

select
    daily.project_id,
    daily.product_id,
    daily.date_on,
    daily.event_count - coalesce(moved_in_all.event_count, 0) as event_count
from daily
left join moved_in_all
    on
        daily.project_id = moved_in_all.project_id
        and daily.date_on = moved_in_all.date_on
