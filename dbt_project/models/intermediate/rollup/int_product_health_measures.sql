{% set count_words = {
    'late_high_issues': [
        'high or fatal issue is late and still happens',
        'high or fatal issues are late and still happen',
    ],
    'at_risk_high_issues': [
        'high or fatal issue has used 80 % of its SLA target',
        'high or fatal issues have used 80 % of their SLA target',
    ],
} %}

with products as (

    select
        numbers.*,
        products.product_priority,
        numbers.project_count > 0 or numbers.total_issues > 0 as has_projects,
        -- Where there was no event, any number of them is counted against one.
        case
            when numbers.events_complete_7d >= 100
                then cast(numbers.events_complete_7d as double) / greatest(numbers.events_complete_previous_7d, 1)
        end as events_growth,
        case
            when numbers.sessions_7d >= 1000
                then {{ crash_free_sessions('numbers.crashed_sessions_7d', 'numbers.sessions_7d') }}
        end as crash_free_sessions
    from {{ ref('int_product_numbers') }} as numbers
    left join {{ ref('dim_products') }} as products
        on numbers.product_id = products.product_id

),

measured as (

    {% for measure, words in count_words.items() %}
        select
            product_id,
            product_priority,
            has_projects,
            '{{ measure }}' as measure,
            cast(case when has_projects then {{ measure }} end as double) as value,
            {{ with_thousands(measure) }}
            || case when {{ measure }} = 1 then ' {{ words[0] }}' else ' {{ words[1] }}' end as reason
        from products

        union all
    {% endfor %}

    select
        product_id,
        product_priority,
        has_projects,
        'late_ratio' as measure,
        cast(late_active_issues as double) / nullif(active_issues, 0) as value,
        case
            when active_issues = 0 then 'no open issue still happens'
            else
                {{ with_thousands('late_active_issues') }} || ' of ' || {{ with_thousands('active_issues') }}
                || ' open issues that still happen are late'
        end as reason
    from products

    union all

    select
        product_id,
        product_priority,
        has_projects,
        'events_growth' as measure,
        events_growth as value,
        case
            when events_growth is not null
                then
                    'events of 7 days went from ' || {{ with_thousands('events_complete_previous_7d') }}
                    || ' to ' || {{ with_thousands('events_complete_7d') }}
            when events_complete_7d < 100
                then {{ with_thousands('events_complete_7d') }} || ' events in 7 days are too few to compare'
            else 'the events of 14 days are not known'
        end as reason
    from products

    union all

    select
        product_id,
        product_priority,
        has_projects,
        'crash_free_sessions' as measure,
        crash_free_sessions as value,
        case
            when crash_free_sessions is not null
                then
                    {{ with_thousands('crashed_sessions_7d') }} || ' of ' || {{ with_thousands('sessions_7d') }}
                    || ' sessions in 7 days crashed'
            when sessions_7d is null then 'no sessions are known'
            else {{ with_thousands('sessions_7d') }} || ' sessions in 7 days are too few to measure'
        end as reason
    from products

),

-- What names the priority wins.
targets as (

    select
        measured.*,
        -- The fewer sessions are free of crashes, the worse.
        case when measured.measure = 'crash_free_sessions' then -1 else 1 end as direction,
        case when own.measure is null then any_priority.at_risk else own.at_risk end as at_risk,
        case when own.measure is null then any_priority.critical else own.critical end as critical
    from measured
    left join {{ ref('stg_seeds__health_targets') }} as own
        on
            measured.measure = own.measure
            and measured.product_priority = own.product_priority
    left join {{ ref('stg_seeds__health_targets') }} as any_priority
        on
            measured.measure = any_priority.measure
            and any_priority.product_priority = '(any)'

)

select
    product_id,
    measure,
    value,
    at_risk,
    critical,
    case
        when value is null then 'no_data'
        when value * direction >= critical * direction then 'critical'
        when value * direction >= at_risk * direction then 'at_risk'
        else 'healthy'
    end as state,
    case when has_projects then reason else 'no project is mapped to it' end as reason
from targets
