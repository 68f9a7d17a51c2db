{{ config(materialized='view') }}

-- Age 0 is the slug of today, 1 the one before it, ...
select
    project_id,
    lower(organization_slug) as organization_slug,
    lower(project_slug) as slug,
    0 as age
from {{ ref('stg_sentry__projects') }}

union all

select
    former.project_id,
    lower(former.organization_slug) as organization_slug,
    lower(former.project_slug) as slug,
    row_number() over (
        partition by former.project_id
        order by former.adopted_at desc, former.project_slug asc
    ) as age
from {{ ref('stg_sentry__project_slugs') }} as former
inner join {{ ref('stg_sentry__projects') }} as projects
    on
        former.project_id = projects.project_id
        and former.organization_slug = projects.organization_slug
where former.project_slug <> projects.project_slug
