with own as (

    select
        projects.product_id,
        daily.date_on,
        sum(daily.event_count) as event_count,
        sum(daily.new_issues) as new_issues,
        sum(daily.resolved_issues) as resolved_issues,
        sum(daily.unresolved_issues) as unresolved_issues
    from {{ ref('fct_project_daily') }} as daily
    inner join {{ ref('dim_projects') }} as projects
        on daily.project_id = projects.project_id
    where projects.product_id is not null
    group by projects.product_id, daily.date_on

)

select
    closure.ancestor_id as product_id,
    own.date_on,
    cast(sum(own.event_count) as bigint) as event_count,
    cast(sum(case when closure.distance = 0 then own.event_count else 0 end) as bigint) as own_event_count,
    cast(sum(own.new_issues) as bigint) as new_issues,
    cast(sum(case when closure.distance = 0 then own.new_issues else 0 end) as bigint) as own_new_issues,
    cast(sum(own.resolved_issues) as bigint) as resolved_issues,
    cast(sum(case when closure.distance = 0 then own.resolved_issues else 0 end) as bigint) as own_resolved_issues,
    cast(sum(own.unresolved_issues) as bigint) as unresolved_issues,
    cast(sum(case when closure.distance = 0 then own.unresolved_issues else 0 end) as bigint) as own_unresolved_issues
from {{ ref('product_closure') }} as closure
inner join own
    on closure.descendant_id = own.product_id
where closure.is_counted
group by closure.ancestor_id, own.date_on
