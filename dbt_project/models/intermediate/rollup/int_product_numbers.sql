with own as (

    select
        product_id,
        {% for column in numbers() %}
            sum({{ column }}) as {{ column }},
        {% endfor %}
        max(events_known_from) as events_known_from,
        max(production_events_known_from) as production_events_known_from,
        min(oldest_unresolved_at) as oldest_unresolved_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_project_numbers') }}
    group by product_id

),

rolled_up as (

    select
        trees.product_id,
        {% for column in numbers() %}
            {% set own_column = 'case when trees.distance = 0 then own.' ~ column ~ ' end' %}
            cast({{ zero_if_counted(column, 'sum(own.' ~ column ~ ')') }} as bigint) as {{ column }},
            cast({{ zero_if_counted(column, 'sum(' ~ own_column ~ ')') }} as bigint) as own_{{ column }},
        {% endfor %}
        max(own.events_known_from) as events_known_from,
        max(own.production_events_known_from) as production_events_known_from,
        min(own.oldest_unresolved_at) as oldest_unresolved_at,
        min(case when trees.distance = 0 then own.oldest_unresolved_at end) as own_oldest_unresolved_at,
        max(own.last_seen_at) as last_seen_at
    from {{ ref('int_counted_products') }} as trees
    left join own
        on trees.descendant_id = own.product_id
    group by trees.product_id

)

select
    *,
    cast(events_complete_7d as double) / nullif(events_complete_previous_7d, 0) as events_growth_7d
from rolled_up
