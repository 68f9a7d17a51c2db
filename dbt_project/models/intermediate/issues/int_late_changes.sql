-- An issue is late from its deadline on until it is no longer open. Where the target changes with the month, each
-- month has its own deadline.
with late as (

    select
        spans.project_id,
        spans.product_id,
        greatest(
            spans.began_on,
            terms.from_on,
            cast({{ hours_after('spans.opened_at', 'terms.sla_target_hours') }} as date)
        ) as late_on,
        least(spans.ended_on, terms.until_on) as ended_on
    from {{ ref('int_issue_span_days') }} as spans
    inner join {{ ref('stg_sentry__issues') }} as issues
        on spans.issue_id = issues.issue_id
    inner join {{ ref('int_sla_terms') }} as terms
        on
            spans.product_id = terms.product_id
            and {{ sla_priority('issues') }} = terms.issue_priority
            and (spans.ended_on is null or spans.ended_on > terms.from_on)
            and (terms.until_on is null or spans.began_on < terms.until_on)
    cross join {{ ref('int_as_of') }} as clock
    where
        spans.is_open_time
        and {{ hours_after('spans.opened_at', 'terms.sla_target_hours') }} < clock.as_of

),

changes as (

    select
        project_id,
        product_id,
        late_on as date_on,
        1 as more_late
    from late
    where
        ended_on is null
        or late_on < ended_on

    union all

    select
        project_id,
        product_id,
        ended_on as date_on,
        -1 as more_late
    from late
    where late_on < ended_on

)

select
    project_id,
    product_id,
    date_on,
    cast(sum(more_late) as bigint) as more_late
from changes
group by project_id, product_id, date_on
