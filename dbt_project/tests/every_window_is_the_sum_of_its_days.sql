{{ config(meta={'dagster': {'ref': {'name': 'product_overview'}}}) }}

{% set counted = {'new_issues': 'new_issues', 'resolved_issues': 'resolved_issues', 'events': 'event_count'} %}
{% set checked = [
    (ref('product_overview'), {'7d': (0, 7), 'previous_7d': (7, 14)}),
    (ref('executive_summary'), {'30d': (0, 30), 'previous_30d': (30, 60)}),
] %}

-- A window is as many UTC days as its name says, counted back from as_of's; the last of them ends with the present.
with days as (

    select
        daily.*,
        {{ dbt.datediff("daily.date_on", "clock.as_of_on", "day") }} as days_ago -- noqa: LT05
    from {{ ref('product_daily') }} as daily
    cross join {{ ref('int_as_of') }} as clock

),

present as (

    select *
    from days
    where days_ago = 0

),

{% for table, windows in checked %}
    {{ table.identifier }}_days as (

        select
            {% for window, (first, after) in windows.items() %}
                {% for number, column in counted.items() %}
                    sum(case when days_ago >= {{ first }} and days_ago < {{ after }} then {{ column }} end)
                        as {{ number }}_{{ window }},
                {% endfor %}
            {% endfor %}
            product_id
        from days
        group by product_id

    ){{ ',' if not loop.last }}
{% endfor %}

{% for table, windows in checked %}
    select numbers.product_id
    from {{ table }} as numbers
    left join {{ table.identifier }}_days as daily
        on numbers.product_id = daily.product_id
    where
        numbers.product_id not in ('(all)', '(unassigned)')
        and (
            false
            {% for window in windows %}
                or numbers.events_{{ window }} is distinct from daily.events_{{ window }}
                or numbers.new_issues_{{ window }} <> coalesce(daily.new_issues_{{ window }}, 0)
                or numbers.resolved_issues_{{ window }} <> coalesce(daily.resolved_issues_{{ window }}, 0)
            {% endfor %}
        )

    union all
{% endfor %}

select numbers.product_id
from {{ ref('product_overview') }} as numbers
left join present
    on numbers.product_id = present.product_id
where
    numbers.unresolved_issues <> coalesce(present.unresolved_issues, 0)
    or numbers.sla_breached_issues <> coalesce(present.late_issues, 0)
