-- Month by month
-- A product manager at the end of a quarter: do we fix more than comes, and do we keep what we promised?
select
    months.month_on,
    months.new_issues,
    months.resolved_issues,
    months.unresolved_issues,
    months.late_issues,
    round(100 * months.sla_met_ratio, 1) as met_percent,
    months.median_hours_to_resolution,
    months.event_count
from marts.product_monthly as months
where months.product_id = 'payments'
order by months.month_on desc
