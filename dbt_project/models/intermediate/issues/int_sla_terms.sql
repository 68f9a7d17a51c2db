-- A month keeps the terms with which it closed: those of the first version that lived to its end. Where a product
-- had no target yet, the first that it was given holds. So a version ends with the last month that it saw close.
with priorities as (

    {% for priority in sla_priorities() + ['none'] %}
        select '{{ priority }}' as issue_priority
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

versions as (

    select
        versions.product_id,
        priorities.issue_priority,
        versions.product_priority,
        {{ sla_target_hours('versions', 'priorities.issue_priority') }} as sla_target_hours,
        versions.valid_from,
        cast({{ dbt.date_trunc('month', 'versions.valid_to') }} as date) as until_on
    from {{ ref('product_history') }} as versions
    cross join priorities

),

in_sequence as (

    select
        *,
        coalesce(
            lag(until_on) over (partition by product_id, issue_priority order by valid_from),
            date '0001-01-01'
        ) as from_on
    from versions
    where sla_target_hours is not null

)

select
    product_id,
    issue_priority,
    from_on,
    until_on,
    product_priority,
    sla_target_hours
from in_sequence
where
    until_on is null
    or until_on > from_on
