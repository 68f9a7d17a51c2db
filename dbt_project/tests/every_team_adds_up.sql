{{ config(meta={'dagster': {'ref': {'name': 'team_accountability'}}}) }}

-- Each active product has one owner, or none: together they count what every active product does.
with teams as (

    select
        {% for number in numbers('team') %}
            sum({{ number }}) as {{ number }},
        {% endfor %}
        count(*) as team_count
    from {{ ref('team_accountability') }}

)

select teams.*
from teams
cross join {{ ref('int_product_numbers') }} as every_product
where
    every_product.product_id = '(all)'
    and (
        false
        {% for number in numbers('team') %}
            or teams.{{ number }} is distinct from every_product.{{ number }}
        {% endfor %}
    )
