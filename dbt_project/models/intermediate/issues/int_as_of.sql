with last_sync as (

    select max(started_at) as as_of
    from {{ ref('stg_sentry__organization_syncs') }}
    where status = 'complete'

)

select
    as_of,
    cast(as_of as date) as as_of_on,
    {{ dbt.dateadd('day', -7, 'as_of') }} as days_ago_7,
    {{ dbt.dateadd('day', -30, 'as_of') }} as days_ago_30,
    {{ dbt.dateadd('day', -60, 'as_of') }} as days_ago_60,
    cast({{ dbt.dateadd('day', -7, 'as_of') }} as date) as before_days_7_on,
    cast({{ dbt.dateadd('day', -14, 'as_of') }} as date) as before_days_14_on,
    cast({{ dbt.dateadd('day', -30, 'as_of') }} as date) as before_days_30_on,
    cast({{ dbt.dateadd('day', -60, 'as_of') }} as date) as before_days_60_on
from last_sync
