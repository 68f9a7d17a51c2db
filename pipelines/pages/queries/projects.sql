select *
from kept.projects
where
    (
        $product is null
        or product_id in (
            select descendant_id from marts.product_closure where ancestor_id = $product and is_counted
        )
    )
    and ($assigned is null or (product_id is not null) = ($assigned = 'yes'))
