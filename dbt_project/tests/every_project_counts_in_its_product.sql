{{ config(meta={'dagster': {'ref': {'name': 'int_product_numbers'}}}) }}

with projects as (

    select
        {% for number in numbers() %}
            sum({{ number }}) as {{ number }},
        {% endfor %}
        product_id
    from {{ ref('int_project_numbers') }}
    group by product_id

)

select coalesce(projects.product_id, products.product_id) as product_id
from projects
full outer join {{ ref('int_product_numbers') }} as products
    on projects.product_id = products.product_id
where
    false
    {% for number in numbers() %}
        or coalesce(projects.{{ number }}, 0) <> coalesce(products.own_{{ number }}, 0)
    {% endfor %}
