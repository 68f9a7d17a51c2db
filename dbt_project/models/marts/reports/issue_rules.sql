with routed as (

    select
        routed_by,
        count(*) as routed_issues,
        count(case when status = 'unresolved' then 1 end) as unresolved_issues,
        sum(events_7d) as events_7d
    from {{ ref('fct_issues') }}
    where
        routed_by <> 'project'
        and not {{ is_removed('status') }}
    group by routed_by

)

select
    rules.line,
    rules.organization_slug,
    rules.project_pattern,
    rules.field,
    rules.pattern,
    rules.product_id,
    coalesce(routed.routed_issues, 0) as routed_issues,
    coalesce(routed.unresolved_issues, 0) as unresolved_issues,
    cast(routed.events_7d as bigint) as events_7d
from {{ ref('stg_seeds__issue_rules') }} as rules
left join routed
    on routed.routed_by = 'rule:' || cast(rules.line as string)
