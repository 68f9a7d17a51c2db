select
    project_id,
    organization_slug,
    project_slug,
    adopted_at
from {{ source('sentry', 'project_slugs') }}
