{{ config(meta={'dagster': {'ref': {'name': 'team_accountability'}}}) }}

-- Each active product has one owner, or none: with what has no product, they count what `(all)` does.
with parts as (

    select
        {% for number in numbers('team') %}
            {{ number }},
        {% endfor %}
        owner_team as part
    from {{ ref('team_accountability') }}

    union all

    select
        {% for number in numbers('team') %}
            {{ number }},
        {% endfor %}
        product_id as part
    from {{ ref('int_product_numbers') }}
    where product_id = '(unassigned)'

),

summed as (

    select
        {% for number in numbers('team') %}
            sum({{ number }}) as {{ number }},
        {% endfor %}
        count(part) as part_count
    from parts

)

select summed.*
from summed
cross join {{ ref('int_product_numbers') }} as whole
where
    whole.product_id = '(all)'
    and (
        false
        {% for number in numbers('team') %}
            or summed.{{ number }} is distinct from whole.{{ number }}
        {% endfor %}
    )
