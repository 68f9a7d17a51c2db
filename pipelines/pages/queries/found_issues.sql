select
    *,
    rowid as kept_row
from kept.issues
where
    (
        $product is null
        or ($product = '(unassigned)' and product_id is null)
        or product_id in (
            select closure.descendant_id
            from marts.product_closure as closure
            where closure.ancestor_id = $product and closure.is_counted
        )
    )
    and ($own is null or product_id = $product)
    and ($project is null or project_slug = $project)
    and ($team is null or coalesce(owner_team, '(unowned)') = $team)
    and ($active is null or is_active = ($active = 'yes'))
    and ($status is null or status = $status)
    and ($level is null or level = $level)
    and ($priority is null or issue_priority = $priority)
    and ($high is null or issue_priority = 'high' or level = 'fatal')
    and ($sla is null or (sla_status = $sla and status = 'unresolved'))
    and ($production is null or is_in_production = ($production = 'yes'))
    and ($organization is null or organization_slug = $organization)
    and (
        $release is null
        or ($brought is distinct from 'back' and introduced_in_release = $release)
        or ($brought is distinct from 'new' and regressed_in_release = $release)
    )
    and (
        $window is null
        or (
            $window = 'new7'
            and cast(first_seen_at as date) > cast($as_of as date) - 7
            and cast(first_seen_at as date) <= cast($as_of as date)
        )
        or ($window = 'resolved7' and resolves_7d > 0)
        or ($window = 'seen7' and cast(last_seen_at as date) > cast($as_of as date) - 7)
    )
    and (
        $q is null
        or issue_row in (
            select texts.rowid from marts.fct_issues as texts
            where contains(lower(concat_ws(' ', texts.short_id, texts.title, texts.culprit)), lower($q))
        )
    )
