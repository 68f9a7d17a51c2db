select
    organization_slug as organization,
    project_slug as slug,
    former_slugs,
    is_deleted
from marts.dim_projects
order by all
