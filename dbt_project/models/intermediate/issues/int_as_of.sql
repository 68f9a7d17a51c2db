{% set windows = [7, 14, 30, 60] %}

with last_sync as (

    select max(started_at) as as_of
    from {{ ref('stg_sentry__organization_syncs') }}
    where status = 'complete'

)

select
    as_of,
    {% for days in windows %}
        cast({{ dbt.dateadd('day', -days, 'as_of') }} as date) as before_days_{{ days }}_on,
    {% endfor %}
    cast(as_of as date) as as_of_on
from last_sync
