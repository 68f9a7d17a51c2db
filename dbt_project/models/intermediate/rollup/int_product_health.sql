-- From the worst on; what has no data says nothing, unless nothing has any.
{% set states = ['critical', 'at_risk', 'healthy', 'no_data'] %}

with ranked as (

    select
        product_id,
        measure,
        state,
        reason,
        case state
            {% for state in states %}
                when '{{ state }}' then {{ loop.index }}
            {% endfor %}
        end as place
    from {{ ref('int_product_health_measures') }}

),

worst as (

    select
        *,
        min(place) over (partition by product_id) as worst_place
    from ranked

)

select
    product_id,
    max(state) as health,
    case max(state)
        when 'healthy' then 'none of ' || cast(count(*) as string) || ' measures has reached a target'
        when 'no_data' then max(reason)
        else {{ dbt.listagg('reason', "'; '", 'order by measure') }}
    end as health_reason
from worst
where place = worst_place
group by product_id
