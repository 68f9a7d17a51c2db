{{ config(meta={'dagster': {'ref': {'name': 'int_project_product_daily'}}}) }}

with last_day as (

    select
        daily.project_id,
        daily.product_id,
        daily.unresolved_issues
    from {{ ref('int_project_product_daily') }} as daily
    inner join {{ ref('int_as_of') }} as clock
        on daily.date_on = clock.as_of_on

),

present as (

    select
        project_id,
        coalesce(product_id, '(unassigned)') as product_id,
        count(*) as unresolved_issues
    from {{ ref('fct_issues') }}
    where status = 'unresolved'
    group by project_id, coalesce(product_id, '(unassigned)')

)

select
    coalesce(last_day.project_id, present.project_id) as project_id,
    coalesce(last_day.product_id, present.product_id) as product_id,
    last_day.unresolved_issues as on_the_last_day,
    present.unresolved_issues as now
from last_day
full outer join present
    on
        last_day.project_id = present.project_id
        and last_day.product_id = present.product_id
where coalesce(last_day.unresolved_issues, 0) <> coalesce(present.unresolved_issues, 0)
