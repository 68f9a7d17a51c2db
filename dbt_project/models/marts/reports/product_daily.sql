with own as (

    select
        projects.product_id,
        {% for number in daily_numbers() %}
            sum(daily.{{ number }}) as {{ number }},
        {% endfor %}
        daily.date_on
    from {{ ref('fct_project_daily') }} as daily
    inner join {{ ref('dim_projects') }} as projects
        on daily.project_id = projects.project_id
    where projects.product_id is not null
    group by projects.product_id, daily.date_on

)

select
    closure.ancestor_id as product_id,
    {% for number in daily_numbers() %}
        cast(sum(own.{{ number }}) as bigint) as {{ number }},
        cast(sum(case when closure.distance = 0 then own.{{ number }} else 0 end) as bigint) as own_{{ number }},
    {% endfor %}
    own.date_on
from {{ ref('product_closure') }} as closure
inner join own
    on closure.descendant_id = own.product_id
where closure.is_counted
group by closure.ancestor_id, own.date_on
