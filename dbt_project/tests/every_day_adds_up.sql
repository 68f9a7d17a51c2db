{{ config(meta={'dagster': {'ref': {'name': 'product_daily'}}}) }}

{% set columns = daily_numbers() %}

-- Each day, what a project counts for products, these count as their own ...
with project_days as (

    select
        {% for column in columns %}
            sum(daily.{{ column }}) as {{ column }},
        {% endfor %}
        daily.date_on
    from {{ ref('int_project_product_daily') }} as daily
    inner join {{ ref('dim_projects') }} as projects
        on daily.project_id = projects.project_id
    where
        daily.product_id <> '(unassigned)'
        and not projects.is_deleted
    group by daily.date_on

),

product_days as (

    select
        {% for column in columns %}
            sum(own_{{ column }}) as {{ column }},
        {% endfor %}
        date_on
    from {{ ref('product_daily') }}
    group by date_on

),

-- ... and every product counts what the products of its tree count as their own.
tree_days as (

    select
        {% for column in columns %}
            sum(below.own_{{ column }}) as {{ column }},
        {% endfor %}
        closure.ancestor_id as product_id,
        below.date_on
    from {{ ref('product_closure') }} as closure
    inner join {{ ref('product_daily') }} as below
        on closure.descendant_id = below.product_id
    where closure.is_counted
    group by closure.ancestor_id, below.date_on

)

select
    coalesce(project_days.date_on, product_days.date_on) as date_on,
    null as product_id
from project_days
full outer join product_days
    on project_days.date_on = product_days.date_on
where
    false
    {% for column in columns %}
        or project_days.{{ column }} is distinct from product_days.{{ column }}
    {% endfor %}

union all

select
    coalesce(tree_days.date_on, product_daily.date_on) as date_on,
    coalesce(tree_days.product_id, product_daily.product_id) as product_id
from tree_days
full outer join {{ ref('product_daily') }} as product_daily
    on
        tree_days.product_id = product_daily.product_id
        and tree_days.date_on = product_daily.date_on
where
    false
    {% for column in columns %}
        or tree_days.{{ column }} is distinct from product_daily.{{ column }}
    {% endfor %}
