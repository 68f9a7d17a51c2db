select
    products.product_id,
    products.product_name,
    products.parent_product_id,
    products.root_product_id,
    products.path,
    products.depth,
    products.tree_order,
    products.tree_label,
    products.description,
    products.owner_team,
    products.owner_team_source,
    products.product_priority,
    products.product_priority_source,
    products.is_active,
    products.is_leaf,
    products.sla_target_hours,
    {% for priority in sla_priorities() %}
        products.sla_target_hours_{{ priority }},
    {% endfor %}
    {% for number in numbers('overview') %}
        numbers.{{ number }},
        {% if number in numbers('own') %}
            numbers.own_{{ number }},
        {% endif %}
    {% endfor %}
    {% for window in ['7d', 'previous_7d'] %}
        {{ crash_free_sessions('numbers.crashed_sessions_' ~ window, 'numbers.sessions_' ~ window) }}
            as crash_free_sessions_{{ window }},
    {% endfor %}
    people.unique_users_7d,
    people.unique_users_30d,
    nullif(numbers.events_known_from, date '9999-12-31') as events_known_from,
    nullif(numbers.production_events_known_from, date '9999-12-31') as production_events_known_from,
    numbers.events_growth_7d,
    numbers.oldest_unresolved_at,
    numbers.last_seen_at,
    coalesce(times.timed_resolutions_30d, 0) as timed_resolutions_30d,
    times.median_hours_to_resolution_30d,
    times.p90_hours_to_resolution_30d,
    health.health,
    health.health_reason
from {{ ref('dim_products') }} as products
inner join {{ ref('int_product_numbers') }} as numbers
    on products.product_id = numbers.product_id
inner join {{ ref('int_product_health') }} as health
    on products.product_id = health.product_id
left join {{ ref('int_product_resolution_times') }} as times
    on products.product_id = times.product_id
left join {{ ref('int_product_users') }} as people
    on products.product_id = people.product_id
