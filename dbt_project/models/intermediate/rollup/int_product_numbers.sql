with own as (

    select
        product_id,
        {% for column in numbers() %}
            sum({{ column }}) as {{ column }},
        {% endfor %}
        min(oldest_unresolved_at) as oldest_unresolved_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_project_numbers') }}
    where product_id is not null
    group by product_id

)

select
    trees.product_id,
    {% for column in numbers() %}
        cast(coalesce(sum(own.{{ column }}), 0) as bigint) as {{ column }},
        cast(coalesce(sum(case when trees.distance = 0 then own.{{ column }} end), 0) as bigint) as own_{{ column }},
    {% endfor %}
    min(own.oldest_unresolved_at) as oldest_unresolved_at,
    min(case when trees.distance = 0 then own.oldest_unresolved_at end) as own_oldest_unresolved_at,
    max(own.last_seen_at) as last_seen_at
from {{ ref('int_counted_products') }} as trees
left join own
    on trees.descendant_id = own.product_id
group by trees.product_id
