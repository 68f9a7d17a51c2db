select
    projects.organization_slug,
    daily.project_id,
    {% for number in daily_numbers() %}
        cast(sum(daily.{{ number }}) as bigint) as {{ number }},
    {% endfor %}
    cast(sum(daily.event_count) - sum(daily.production_event_count) as bigint) as other_event_count,
    daily.date_on
from {{ ref('int_project_product_daily') }} as daily
inner join {{ ref('dim_projects') }} as projects
    on daily.project_id = projects.project_id
group by projects.organization_slug, daily.project_id, daily.date_on
