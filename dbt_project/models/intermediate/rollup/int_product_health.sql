select
    product_id,
    case
        when project_count = 0 then 'no_data'
        when sla_breached_high_issues > 0 then 'critical'
        when sla_breached_issues > 0 or sla_at_risk_issues > 0 then 'at_risk'
        when events_7d >= 100 and events_7d > 2 * events_previous_7d then 'at_risk'
        else 'healthy'
    end as health,
    case
        when project_count = 0
            then 'no project is mapped to it'
        when sla_breached_high_issues > 0
            then
                'open beyond the SLA target: ' || cast(sla_breached_issues as string)
                || ' of ' || cast(unresolved_issues as string)
                || ', of high priority or fatal: ' || cast(sla_breached_high_issues as string)
        when sla_breached_issues > 0
            then
                'open beyond the SLA target: ' || cast(sla_breached_issues as string)
                || ' of ' || cast(unresolved_issues as string)
        when sla_at_risk_issues > 0
            then
                'open for 80 % of the SLA target: ' || cast(sla_at_risk_issues as string)
                || ' of ' || cast(unresolved_issues as string)
        when events_7d >= 100 and events_7d > 2 * events_previous_7d
            then
                'events of seven days rose from ' || cast(events_previous_7d as string)
                || ' to ' || cast(events_7d as string)
        else 'nothing is open beyond or near its SLA target'
    end as health_reason
from {{ ref('int_product_numbers') }}
