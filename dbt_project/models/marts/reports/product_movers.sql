{{ config(materialized='view') }}

-- Rises and falls by their size: were they to cancel each other out, there would be no share of what is left.
with own_changes as (

    select
        product_id,
        sum(abs(events_7d - events_previous_7d)) as events_changed
    from {{ ref('fct_issues') }}
    where
        product_id is not null
        and not {{ is_removed('status') }}
    group by product_id

),

changes as (

    select
        closure.ancestor_id,
        sum(own_changes.events_changed) as events_changed
    from {{ ref('product_closure') }} as closure
    inner join own_changes
        on closure.descendant_id = own_changes.product_id
    where closure.is_counted
    group by closure.ancestor_id

)

select
    closure.ancestor_id as product_id,
    issues.product_id as own_product_id,
    cast(
        row_number() over (
            partition by closure.ancestor_id
            order by
                abs(issues.events_7d - issues.events_previous_7d) desc nulls last,
                issues.last_seen_at desc nulls last,
                issues.issue_id asc
        ) as bigint
    ) as mover_rank,
    issues.change_7d as change,
    issues.events_7d,
    issues.events_previous_7d,
    cast(issues.events_7d - issues.events_previous_7d as double) / nullif(changes.events_changed, 0)
        as share_of_change,
    issues.issue_id,
    issues.short_id,
    issues.title,
    issues.project_slug,
    issues.level,
    issues.issue_priority,
    issues.status,
    issues.first_seen_at,
    issues.opened_at,
    issues.resolved_at,
    issues.permalink
from {{ ref('product_closure') }} as closure
inner join {{ ref('fct_issues') }} as issues
    on closure.descendant_id = issues.product_id
inner join changes
    on closure.ancestor_id = changes.ancestor_id
where
    closure.is_counted
    and issues.change_7d is not null
