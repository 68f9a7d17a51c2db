with former_slugs as (

    select
        slugs.project_id,
        {{ array_newest_first('slugs.project_slug', 'slugs.adopted_at') }} as former_slugs
    from {{ ref('stg_sentry__project_slugs') }} as slugs
    inner join {{ ref('stg_sentry__projects') }} as projects
        on
            slugs.project_id = projects.project_id
            and slugs.organization_slug = projects.organization_slug
    where slugs.project_slug <> projects.project_slug
    group by slugs.project_id

)

select
    projects.organization_slug,
    projects.project_id,
    projects.project_slug,
    projects.project_name,
    projects.platform,
    assignments.product_id,
    assignments.mapped_by,
    assignments.mapped_pattern,
    former_slugs.former_slugs,
    projects.has_access,
    projects.access_lost_at,
    projects.created_at,
    projects.deleted_at,
    projects.deleted_at is not null as is_deleted
from {{ ref('stg_sentry__projects') }} as projects
left join {{ ref('int_project_mapping') }} as assignments
    on projects.project_id = assignments.project_id
left join former_slugs
    on projects.project_id = former_slugs.project_id
