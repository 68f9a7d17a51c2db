select
    numbers.product_id,
    coalesce(products.product_name, numbers.product_id) as product_name,
    products.product_priority,
    health.health,
    health.health_reason,
    {% for number in numbers('summary') %}
        numbers.{{ number }},
    {% endfor %}
    {% for window in ['30d', 'previous_30d'] %}
        {{ crash_free_sessions('numbers.crashed_sessions_' ~ window, 'numbers.sessions_' ~ window) }}
            as crash_free_sessions_{{ window }},
    {% endfor %}
    nullif(numbers.events_known_from, date '9999-12-31') as events_known_from,
    cast(numbers.unresolved_issues as double) / nullif(whole.unresolved_issues, 0) as unresolved_share,
    cast(numbers.covered_unresolved_issues as double) / nullif(numbers.unresolved_issues, 0) as covered_share,
    times.median_hours_to_resolution_30d,
    times.median_hours_to_resolution_previous_30d,
    times.sla_met_ratio_30d,
    times.sla_met_ratio_previous_30d
from {{ ref('int_product_numbers') }} as numbers
inner join {{ ref('int_product_health') }} as health
    on numbers.product_id = health.product_id
inner join {{ ref('int_product_numbers') }} as whole
    on whole.product_id = '(all)'
left join {{ ref('dim_products') }} as products
    on numbers.product_id = products.product_id
left join {{ ref('int_product_resolution_times') }} as times
    on numbers.product_id = times.product_id
where
    products.parent_product_id is null
    and coalesce(products.is_active, true)
