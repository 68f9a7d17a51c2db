-- The day before the window of 30 days, at its end.
with month_ago as (

    select
        trees.product_id,
        sum(daily.own_unresolved_issues) as unresolved_issues
    from {{ ref('int_counted_products') }} as trees
    inner join {{ ref('product_daily') }} as daily
        on trees.descendant_id = daily.product_id
    inner join {{ ref('int_as_of') }} as clock
        on daily.date_on = clock.before_days_30_on
    group by trees.product_id

)

select
    numbers.product_id,
    coalesce(products.product_name, '(all)') as product_name,
    products.product_priority,
    health.health,
    health.health_reason,
    {% for number in numbers('summary') %}
        numbers.{{ number }},
    {% endfor %}
    cast(coalesce(month_ago.unresolved_issues, 0) as bigint) as unresolved_issues_30d_ago,
    times.median_hours_to_resolution_30d,
    times.median_hours_to_resolution_previous_30d,
    times.sla_met_ratio_30d,
    times.sla_met_ratio_previous_30d
from {{ ref('int_product_numbers') }} as numbers
inner join {{ ref('int_product_health') }} as health
    on numbers.product_id = health.product_id
left join {{ ref('dim_products') }} as products
    on numbers.product_id = products.product_id
left join month_ago
    on numbers.product_id = month_ago.product_id
left join {{ ref('int_product_resolution_times') }} as times
    on numbers.product_id = times.product_id
where products.parent_product_id is null
