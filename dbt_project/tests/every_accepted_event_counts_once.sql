{{ config(meta={'dagster': {'ref': {'name': 'fct_project_daily'}}}) }}

-- Whatever rules route where, the products of a project's day add up to what Sentry accepted.
select
    accepted.project_id,
    accepted.date_on,
    accepted.event_count as accepted_count,
    daily.event_count
from {{ ref('stg_sentry__project_daily_events') }} as accepted
inner join {{ ref('dim_projects') }} as projects
    on accepted.project_id = projects.project_id
inner join {{ ref('int_as_of') }} as clock
    on accepted.date_on <= clock.as_of_on
left join {{ ref('fct_project_daily') }} as daily
    on
        accepted.project_id = daily.project_id
        and accepted.date_on = daily.date_on
where accepted.event_count is distinct from daily.event_count
