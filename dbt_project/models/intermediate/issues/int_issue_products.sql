{{ config(materialized='view') }}

select
    issues.issue_id,
    issues.project_id,
    coalesce(routes.product_id, projects.product_id) as product_id,
    coalesce('rule:' || cast(routes.rule_line as string), 'project') as routed_by
from {{ ref('stg_sentry__issues') }} as issues
-- An issue of a project that no listing has held yet waits for the next one.
inner join {{ ref('dim_projects') }} as projects
    on issues.project_id = projects.project_id
left join {{ ref('int_issue_routes') }} as routes
    on issues.issue_id = routes.issue_id
