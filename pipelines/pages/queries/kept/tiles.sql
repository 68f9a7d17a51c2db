select
    (
        select count(*) from marts.product_overview
        where health = 'critical' and is_active
    ) as critical_products,
    (
        select count(*) from marts.fct_issues
        where status = 'unresolved' and sla_status = 'breached'
    ) as late_issues,
    (
        select count(*)
        from marts.fct_issues as issues, marts.publication as published
        where
            issues.status not in ('deleted', 'merged')
            and (issues.issue_priority = 'high' or issues.level = 'fatal')
            and cast(issues.first_seen_at as date) > cast(published.as_of as date) - 7
    ) as new_high_issues,
    (select count(*) from marts.unassigned_projects) as unassigned_projects
