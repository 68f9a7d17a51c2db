with returned as (

    select distinct spans.issue_id
    from {{ ref('int_issue_status_spans') }} as spans
    cross join {{ ref('int_as_of') }} as clock
    where
        spans.status = 'unresolved'
        and spans.from_status = 'resolved'
        and not spans.is_restored
        and cast(spans.started_at as date) > clock.before_days_7_on

),

issues as (

    select
        issues.*,
        issues.events_7d - issues.events_previous_7d as events_change,
        case
            when issues.status = 'resolved' and cast(issues.resolved_at as date) > clock.before_days_7_on
                then 'resolved'
            when issues.status = 'unresolved' and (returned.issue_id is not null or issues.substatus = 'regressed')
                then 'regressed'
            when cast(issues.first_seen_at as date) > clock.before_days_7_on then 'new'
            when
                issues.events_7d >= issues.events_previous_7d + 10
                and issues.events_7d >= 1.5 * issues.events_previous_7d
                then 'rising'
            when
                issues.events_previous_7d >= issues.events_7d + 10
                and issues.events_previous_7d >= 1.5 * issues.events_7d
                then 'falling'
        end as change
    from {{ ref('fct_issues') }} as issues
    cross join {{ ref('int_as_of') }} as clock
    left join returned
        on issues.issue_id = returned.issue_id
    where
        issues.product_id is not null
        and not {{ is_removed('issues.status') }}

),

-- Rises and falls by their size: were they to cancel each other out, there would be no share of what is left.
own_changes as (

    select
        product_id,
        sum(abs(events_change)) as events_changed
    from issues
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
                abs(issues.events_change) desc nulls last, issues.last_seen_at desc nulls last, issues.issue_id asc
        ) as bigint
    ) as mover_rank,
    issues.change,
    issues.events_7d,
    issues.events_previous_7d,
    cast(issues.events_change as double) / nullif(changes.events_changed, 0) as share_of_change,
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
from issues
inner join {{ ref('product_closure') }} as closure
    on issues.product_id = closure.descendant_id
inner join changes
    on closure.ancestor_id = changes.ancestor_id
where
    issues.change is not null
    and closure.is_counted
