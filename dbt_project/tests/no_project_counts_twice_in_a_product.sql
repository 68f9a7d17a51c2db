{{ config(meta={'dagster': {'ref': {'name': 'product_closure'}}}) }}

-- An issue has one project: where no project counts twice, no issue does.
select
    closure.ancestor_id,
    projects.project_id
from {{ ref('product_closure') }} as closure
inner join {{ ref('dim_projects') }} as projects
    on closure.descendant_id = projects.product_id
group by closure.ancestor_id, projects.project_id
having count(*) > 1
