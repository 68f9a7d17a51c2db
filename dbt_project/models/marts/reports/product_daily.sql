with own as (

    select
        daily.product_id,
        {% for number in daily_numbers() %}
            sum(daily.{{ number }}) as {{ number }},
        {% endfor %}
        daily.date_on
    from {{ ref('int_project_product_daily') }} as daily
    inner join {{ ref('dim_projects') }} as projects
        on daily.project_id = projects.project_id
    where
        daily.product_id <> '(unassigned)'
        and not projects.is_deleted
    group by daily.product_id, daily.date_on

)

select
    closure.ancestor_id as product_id,
    {% for number in daily_numbers() %}
        cast(sum(own.{{ number }}) as bigint) as {{ number }},
        {% set own_number = 'sum(case when closure.distance = 0 then own.' ~ number ~ ' end)' %}
        {% set own_number = own_number if number in daily_numbers_of_sentry() else 'coalesce(' ~ own_number ~ ', 0)' %}
        cast({{ own_number }} as bigint) as own_{{ number }},
    {% endfor %}
    {{ crash_free_sessions('sum(own.crashed_sessions)', 'sum(own.sessions)') }} as crash_free_sessions,
    own.date_on
from {{ ref('product_closure') }} as closure
inner join own
    on closure.descendant_id = own.product_id
where closure.is_counted
group by closure.ancestor_id, own.date_on
