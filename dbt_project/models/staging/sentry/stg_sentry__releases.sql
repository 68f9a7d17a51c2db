select
    organization_slug,
    release_id,
    version,
    {{ release_package('version') }} as package,
    {{ release_version_name('version') }} as version_name,
    project_id,
    created_at,
    released_at,
    first_event_at,
    last_event_at,
    new_issues
from {{ source('sentry', 'releases') }}
