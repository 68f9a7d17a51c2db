with resolutions as (

    select
        spans.issue_id,
        spans.span_number,
        spans.project_id,
        projects.product_id,
        spans.resolved_at,
        {{ hours_between('spans.opened_at', 'spans.resolved_at') }} as hours_to_resolution,
        cast({{ dbt.date_trunc('month', 'spans.resolved_at') }} as date) as month_on
    from {{ ref('int_issue_status_spans') }} as spans
    inner join {{ ref('dim_projects') }} as projects
        on spans.project_id = projects.project_id
    where
        spans.resolved_at is not null
        and not spans.is_restored
        and spans.removal is null
        and not projects.is_deleted

),

-- A month keeps the terms with which it closed: those of the first version that lived to its end. Where a product
-- had no target yet, the first that it was given holds.
terms as (

    select
        product_id,
        month_on,
        product_priority,
        sla_target_hours
    from (
        select
            months.product_id,
            months.month_on,
            versions.product_priority,
            versions.sla_target_hours,
            row_number() over (
                partition by months.product_id, months.month_on
                order by versions.valid_from
            ) as version_number
        from (
            select distinct
                product_id,
                month_on
            from resolutions
        ) as months
        inner join {{ ref('product_history') }} as versions
            on
                months.product_id = versions.product_id
                and versions.sla_target_hours is not null
                and (
                    versions.valid_to is null
                    or versions.valid_to >= {{ dbt.dateadd('month', 1, 'months.month_on') }}
                )
    ) as eligible
    where version_number = 1

)

select
    resolutions.issue_id,
    resolutions.span_number,
    resolutions.project_id,
    resolutions.product_id,
    resolutions.resolved_at,
    resolutions.month_on,
    resolutions.hours_to_resolution,
    terms.product_priority,
    terms.sla_target_hours,
    resolutions.hours_to_resolution <= terms.sla_target_hours as is_met
from resolutions
left join terms
    on
        resolutions.product_id = terms.product_id
        and resolutions.month_on = terms.month_on
