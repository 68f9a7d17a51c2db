with products as (

    select
        product_id,
        coalesce(owner_team, '(unowned)') as owner_team
    from {{ ref('dim_products') }}
    where is_active

),

times as (

    select
        products.owner_team,
        count(resolutions.hours_to_resolution) as timed_resolutions_30d,
        percentile_cont(0.5) within group (order by resolutions.hours_to_resolution) as median_hours_to_resolution_30d
    from {{ ref('int_issue_resolutions') }} as resolutions
    inner join products
        on resolutions.product_id = products.product_id
    inner join {{ ref('int_as_of') }} as clock
        on resolutions.resolved_on > clock.before_days_30_on
    group by products.owner_team

)

select
    products.owner_team,
    count(*) as product_count,
    {% for number in numbers('team') %}
        cast(sum(numbers.own_{{ number }}) as bigint) as {{ number }},
    {% endfor %}
    min(numbers.own_oldest_unresolved_at) as oldest_unresolved_at,
    coalesce(max(times.timed_resolutions_30d), 0) as timed_resolutions_30d,
    max(times.median_hours_to_resolution_30d) as median_hours_to_resolution_30d
from products
inner join {{ ref('int_product_numbers') }} as numbers
    on products.product_id = numbers.product_id
left join times
    on products.owner_team = times.owner_team
group by products.owner_team
