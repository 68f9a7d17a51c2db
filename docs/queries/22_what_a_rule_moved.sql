-- What a rule moved
-- Whoever keeps the product catalog: what does each rule take from a project's product, and is it still worth its row?
select
    rules.line,
    rules.field,
    rules.pattern,
    projects.project_slug,
    projects.product_id as from_product_id,
    rules.product_id as to_product_id,
    count(*) as issues,
    count(*) filter (issues.status = 'unresolved') as unresolved_issues,
    sum(issues.events_7d) as events_7d
from marts.issue_rules as rules
inner join marts.fct_issues as issues
    on issues.routed_by = 'rule:' || rules.line
inner join marts.dim_projects as projects
    on issues.project_id = projects.project_id
where issues.status not in ('deleted', 'merged')
group by all
order by
    rules.line asc,
    issues desc
