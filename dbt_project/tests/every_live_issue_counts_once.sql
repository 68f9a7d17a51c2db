{{ config(meta={'dagster': {'ref': {'name': 'product_overview'}}}) }}

-- Issues of all products and of the unassigned projects are all live issues.
with live as (

    select count(*) as issue_count
    from {{ ref('fct_issues') }}
    where not {{ is_removed('status') }}

),

assigned as (

    select coalesce(sum(own_total_issues), 0) as issue_count
    from {{ ref('product_overview') }}

),

unassigned as (

    select coalesce(sum(total_issues), 0) as issue_count
    from {{ ref('unassigned_projects') }}

)

select
    live.issue_count as live_issues,
    assigned.issue_count as assigned_issues,
    unassigned.issue_count as unassigned_issues
from live
cross join assigned
cross join unassigned
where live.issue_count <> assigned.issue_count + unassigned.issue_count
