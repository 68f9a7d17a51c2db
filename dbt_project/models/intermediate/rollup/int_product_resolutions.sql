{% set percentiles = {'median_hours': 0.5, 'p90_hours': 0.9} %}

-- A percentile of a tree is one of all its values, and each value belongs to as many trees as its product is deep. So
-- many fit into no memory: values are counted in buckets first, and only the buckets that hold a percentile are opened.
with own_buckets as (

    select
        product_id,
        period,
        bucket,
        count(hours_to_resolution) as timed_count,
        count(is_met) as targeted_count,
        count(case when is_met then 1 end) as met_count
    from {{ ref('int_period_resolutions') }}
    group by product_id, period, bucket

),

buckets as (

    select
        trees.product_id,
        own_buckets.period,
        own_buckets.bucket,
        cast(sum(own_buckets.timed_count) as bigint) as timed_count,
        cast(sum(own_buckets.targeted_count) as bigint) as targeted_count,
        cast(sum(own_buckets.met_count) as bigint) as met_count
    from {{ ref('int_counted_products') }} as trees
    inner join own_buckets
        on trees.descendant_id = own_buckets.product_id
    group by trees.product_id, own_buckets.period, own_buckets.bucket

),

-- A percentile lies at a place between two values, which begin with the 0th, or on one.
totals as (

    select
        product_id,
        period,
        cast(sum(timed_count) as bigint) as timed_resolutions,
        cast(sum(met_count) as double) / nullif(sum(targeted_count), 0) as sla_met_ratio,
        {% for name, share in percentiles.items() %}
            cast(sum(timed_count) - 1 as double) * {{ share }} as {{ name }}_place,
        {% endfor %}
        count(*) as bucket_count
    from buckets
    group by product_id, period

),

in_order as (

    select
        product_id,
        period,
        bucket,
        cast(sum(timed_count) over (partition by product_id, period order by bucket) as bigint) - timed_count
            as values_before,
        timed_count
    from buckets

),

opened as (

    select
        in_order.product_id,
        in_order.period,
        in_order.bucket,
        in_order.values_before
    from in_order
    inner join totals
        on
            in_order.product_id = totals.product_id
            and in_order.period = totals.period
    where
        false
        {% for name in percentiles %}
            or (
                ceil(totals.{{ name }}_place) >= in_order.values_before
                and floor(totals.{{ name }}_place) < in_order.values_before + in_order.timed_count
            )
        {% endfor %}

),

placed as (

    select
        opened.product_id,
        opened.period,
        in_periods.hours_to_resolution,
        opened.values_before + row_number() over (
            partition by opened.product_id, opened.period, opened.bucket
            order by in_periods.hours_to_resolution
        ) - 1 as place
    from opened
    inner join {{ ref('int_counted_products') }} as trees
        on opened.product_id = trees.product_id
    inner join {{ ref('int_period_resolutions') }} as in_periods
        on
            trees.descendant_id = in_periods.product_id
            and opened.period = in_periods.period
            and opened.bucket = in_periods.bucket
    where in_periods.hours_to_resolution is not null

),

beside as (

    select
        totals.product_id,
        totals.period,
        totals.timed_resolutions,
        totals.sla_met_ratio,
        {% for name in percentiles %}
            {% set place = 'totals.' ~ name ~ '_place' %}
            {{ place }} - floor({{ place }}) as {{ name }}_share,
            max(case when placed.place = floor({{ place }}) then placed.hours_to_resolution end) as {{ name }}_below,
            max(case when placed.place = ceil({{ place }}) then placed.hours_to_resolution end) as {{ name }}_above,
        {% endfor %}
        count(placed.place) as value_count
    from totals
    left join placed
        on
            totals.product_id = placed.product_id
            and totals.period = placed.period
    group by
        {% for name in percentiles %}
            totals.{{ name }}_place,
        {% endfor %}
        totals.product_id,
        totals.period,
        totals.timed_resolutions,
        totals.sla_met_ratio

)

select
    product_id,
    period,
    {% for name in percentiles %}
        {{ name }}_below + ({{ name }}_above - {{ name }}_below) * {{ name }}_share as {{ name }},
    {% endfor %}
    timed_resolutions,
    sla_met_ratio
from beside
