with told as (

    select
        project_id,
        date_on,
        event_count as production_event_count,
        cast(null as bigint) as sessions,
        cast(null as bigint) as crashed_sessions
    from {{ ref('stg_sentry__project_daily_production_events') }}

    union all

    select
        project_id,
        date_on,
        null as production_event_count,
        sessions,
        crashed_sessions
    from {{ ref('stg_sentry__project_daily_sessions') }}

),

past as (

    select told.*
    from told
    inner join {{ ref('int_as_of') }} as clock
        on told.date_on <= clock.as_of_on

),

event_periods as (

    select
        project_id,
        min(date_on) as events_from_on
    from {{ ref('stg_sentry__project_daily_events') }}
    group by project_id

),

periods as (

    select
        projects.project_id,
        projects.organization_slug,
        max(event_periods.events_from_on) as events_from_on,
        min(case when past.production_event_count is not null then past.date_on end) as production_from_on,
        max(case when past.production_event_count is not null then past.date_on end) as production_until_on,
        min(case when past.sessions is not null then past.date_on end) as sessions_from_on,
        max(case when past.sessions is not null then past.date_on end) as sessions_until_on
    from {{ ref('dim_projects') }} as projects
    left join past
        on projects.project_id = past.project_id
    left join event_periods
        on projects.project_id = event_periods.project_id
    group by projects.project_id, projects.organization_slug

),

-- One answer has the production events of a whole organization, and one its sessions: a project of which that says
-- nothing had none, up to the last day that it reaches. But one that never had a session does not send any.
known as (

    select
        project_id,
        greatest(events_from_on, min(production_from_on) over in_organization) as production_from_on,
        case when events_from_on is not null then max(production_until_on) over in_organization end
            as production_until_on,
        sessions_from_on,
        max(sessions_until_on) over in_organization as sessions_until_on
    from periods
    window in_organization as (partition by organization_slug)

),

days as (

    select
        project_id,
        date_on,
        production_event_count,
        sessions,
        crashed_sessions
    from past

    union all

    select
        project_id,
        {{ each_day('production_from_on', 'production_until_on') }} as date_on,
        0 as production_event_count,
        null as sessions,
        null as crashed_sessions
    from known
    where production_from_on <= production_until_on

    union all

    select
        project_id,
        {{ each_day('sessions_from_on', 'sessions_until_on') }} as date_on,
        null as production_event_count,
        0 as sessions,
        0 as crashed_sessions
    from known
    where sessions_from_on <= sessions_until_on

)

select
    days.project_id,
    coalesce(projects.product_id, '(unassigned)') as product_id,
    days.date_on,
    cast(max(days.production_event_count) as bigint) as production_event_count,
    cast(max(days.sessions) as bigint) as sessions,
    cast(max(days.crashed_sessions) as bigint) as crashed_sessions
from days
inner join {{ ref('dim_projects') }} as projects
    on days.project_id = projects.project_id
group by days.project_id, projects.product_id, days.date_on
