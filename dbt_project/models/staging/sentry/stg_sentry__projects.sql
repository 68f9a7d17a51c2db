select
    project_id,
    organization_slug,
    project_slug,
    project_name,
    platform,
    created_at,
    has_access,
    access_lost_at,
    deleted_at
from {{ source('sentry', 'projects') }}
