with told as (

    select
        project_id,
        date_on,
        event_count as production_event_count,
        cast(null as bigint) as sessions,
        cast(null as bigint) as crashed_sessions
    from {{ ref('stg_sentry__project_daily_production_events') }}
    where event_count is not null

    union all

    select
        project_id,
        date_on,
        null as production_event_count,
        sessions,
        crashed_sessions
    from {{ ref('stg_sentry__project_daily_sessions') }}

    union all

    -- A project that sends sessions had none on the days of which Sentry tells none, up to the last that it tells of.
    select
        project_id,
        {{ each_day('sessions_from_on', 'sessions_until_on') }} as date_on,
        null as production_event_count,
        0 as sessions,
        0 as crashed_sessions
    from (
        select
            sessions.project_id,
            min(sessions.date_on) as sessions_from_on,
            max(max(sessions.date_on)) over (partition by projects.organization_slug) as sessions_until_on
        from {{ ref('stg_sentry__project_daily_sessions') }} as sessions
        inner join {{ ref('dim_projects') }} as projects
            on sessions.project_id = projects.project_id
        group by sessions.project_id, projects.organization_slug
    ) as senders

)

select
    told.project_id,
    coalesce(projects.product_id, '(unassigned)') as product_id,
    told.date_on,
    cast(max(told.production_event_count) as bigint) as production_event_count,
    cast(max(told.sessions) as bigint) as sessions,
    cast(max(told.crashed_sessions) as bigint) as crashed_sessions
from told
inner join {{ ref('dim_projects') }} as projects
    on told.project_id = projects.project_id
inner join {{ ref('int_as_of') }} as clock
    on told.date_on <= clock.as_of_on
group by told.project_id, projects.product_id, told.date_on
