select *
from kept.projects
where
    (
        $product is null
        or product_id in (
            select closure.descendant_id
            from marts.product_closure as closure
            where closure.ancestor_id = $product and closure.is_counted
        )
    )
    and ($assigned is null or (product_id is not null) = ($assigned = 'yes'))
