{{ config(meta={'dagster': {'ref': {'name': 'int_product_numbers'}}}) }}

with projects as (

    select
        {% for number in numbers() %}
            sum({{ number }}) as {{ number }},
        {% endfor %}
        coalesce(product_id, '(unassigned)') as product_id
    from {{ ref('int_project_numbers') }}
    group by coalesce(product_id, '(unassigned)')

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
