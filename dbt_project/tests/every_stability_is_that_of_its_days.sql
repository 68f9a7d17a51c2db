{{ config(meta={'dagster': {'ref': {'name': 'product_overview'}}}) }}

{% set checked = [
    (ref('product_overview'), {'7d': (0, 7), 'previous_7d': (7, 14)}),
    (ref('executive_summary'), {'30d': (0, 30), 'previous_30d': (30, 60)}),
] %}

-- Sessions and events in production of a window are those of its days, and so is what share of sessions crashed.
with days as (

    select
        daily.*,
        {{ dbt.datediff("daily.date_on", "clock.as_of_on", "day") }} as days_ago -- noqa: LT05
    from {{ ref('product_daily') }} as daily
    cross join {{ ref('int_as_of') }} as clock

),

summed as (

    select
        product_id,
        sum(case when days_ago < 7 then production_event_count end) as production_events_7d,
        {% for table, windows in checked %}
            {% for window, (first, after) in windows.items() %}
                sum(case when days_ago >= {{ first }} and days_ago < {{ after }} then sessions end)
                    as sessions_{{ window }},
                sum(case when days_ago >= {{ first }} and days_ago < {{ after }} then crashed_sessions end)
                    as crashed_sessions_{{ window }},
            {% endfor %}
        {% endfor %}
        count(*) as day_count
    from days
    group by product_id

)

{% for table, windows in checked %}
    select numbers.product_id
    from {{ table }} as numbers
    left join summed
        on numbers.product_id = summed.product_id
    where
        numbers.product_id not in ('(all)', '(unassigned)')
        and (
            numbers.sessions_{{ windows | first }} is distinct from summed.sessions_{{ windows | first }}
            {% for window in windows %}
                or numbers.crash_free_sessions_{{ window }} is distinct from
                {{ crash_free_sessions('summed.crashed_sessions_' ~ window, 'summed.sessions_' ~ window) }}
            {% endfor %}
        )

    union all
{% endfor %}

select numbers.product_id
from {{ ref('product_overview') }} as numbers
left join summed
    on numbers.product_id = summed.product_id
where numbers.production_events_7d is distinct from summed.production_events_7d
