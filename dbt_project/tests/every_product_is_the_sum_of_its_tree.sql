{{ config(meta={'dagster': {'ref': {'name': 'product_overview'}}}) }}

{% set columns = [
    'total_issues',
    'unresolved_issues',
    'event_count',
    'events_7d',
    'new_issues_7d',
    'resolved_issues_7d',
    'sla_breached_issues',
] %}

with trees as (

    select
        {% for column in columns %}
            sum(below.own_{{ column }}) as {{ column }},
        {% endfor %}
        closure.ancestor_id as product_id
    from {{ ref('product_closure') }} as closure
    inner join {{ ref('product_overview') }} as below
        on closure.descendant_id = below.product_id
    where closure.is_counted
    group by closure.ancestor_id

)

select products.product_id
from {{ ref('product_overview') }} as products
left join trees
    on products.product_id = trees.product_id
where
    false
    {% for column in columns %}
        or products.{{ column }} is distinct from trees.{{ column }}
    {% endfor %}
