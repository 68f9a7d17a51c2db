with resolutions as (

    select
        spans.issue_id,
        spans.span_number,
        spans.project_id,
        sent.product_id,
        spans.resolved_at,
        {{ hours_between('spans.opened_at', 'spans.resolved_at') }} as hours_to_resolution,
        -- What a sync saw after its start counts on the day of its start.
        least(cast(spans.resolved_at as date), clock.as_of_on) as resolved_on,
        {{ sla_priority('issues') }} as issue_priority
    from {{ ref('int_issue_status_spans') }} as spans
    inner join {{ ref('dim_projects') }} as projects
        on spans.project_id = projects.project_id
    inner join {{ ref('int_issue_products') }} as sent
        on spans.issue_id = sent.issue_id
    inner join {{ ref('stg_sentry__issues') }} as issues
        on spans.issue_id = issues.issue_id
    cross join {{ ref('int_as_of') }} as clock
    where
        spans.resolved_at is not null
        and not spans.is_restored
        and spans.removal is null
        and not projects.is_deleted

)

select
    resolutions.issue_id,
    resolutions.span_number,
    resolutions.project_id,
    resolutions.product_id,
    resolutions.resolved_at,
    resolutions.resolved_on,
    cast({{ dbt.date_trunc('month', 'resolutions.resolved_on') }} as date) as month_on,
    resolutions.hours_to_resolution,
    terms.product_priority,
    terms.sla_target_hours,
    resolutions.hours_to_resolution <= terms.sla_target_hours as is_met
from resolutions
left join {{ ref('int_sla_terms') }} as terms
    on
        resolutions.product_id = terms.product_id
        and resolutions.issue_priority = terms.issue_priority
        and resolutions.resolved_on >= terms.from_on
        and (terms.until_on is null or resolutions.resolved_on < terms.until_on)
