select
    (select count(*) from marts.product_overview where health = 'critical' and is_active) as critical_products,
    (
        select count(*) from marts.fct_issues
        where status = 'unresolved' and sla_status = 'breached'
    ) as late_issues,
    (
        select count(*) from marts.fct_issues, marts.publication
        where
            status not in ('deleted', 'merged')
            and (issue_priority = 'high' or level = 'fatal')
            and cast(first_seen_at as date) > cast(as_of as date) - 7
    ) as new_high_issues,
    (select count(*) from marts.unassigned_projects) as unassigned_projects
