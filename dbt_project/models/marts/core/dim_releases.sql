select
    releases.organization_slug,
    releases.release_id,
    releases.version,
    releases.package,
    releases.version_name,
    releases.project_id,
    projects.project_slug,
    releases.created_at,
    releases.released_at,
    releases.first_event_at,
    releases.last_event_at,
    releases.new_issues
from {{ ref('stg_sentry__releases') }} as releases
inner join {{ ref('dim_projects') }} as projects
    on releases.project_id = projects.project_id
