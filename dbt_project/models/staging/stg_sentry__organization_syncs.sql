select
    syncs.run_id,
    syncs.organization_slug,
    syncs.started_at,
    syncs.status,
    syncs.failure
from {{ source('sentry', 'organization_syncs') }} as syncs
-- A sync whose load was cut off has not happened yet.
inner join {{ source('sentry', '_dlt_loads') }} as loads
    on syncs._dlt_load_id = loads.load_id
where loads.status = 0
