{{ config(meta={'dagster': {'ref': {'name': 'product_history'}}}) }}

-- Of a product, of its health, and of a project's assignment, one version holds at any time.
{% for relation, key in [
    (ref('product_history'), 'product_id'),
    (ref('product_health_history'), 'product_id'),
    (ref('project_assignment_history'), 'project_id'),
] %}
    select earlier.{{ key }} as history_key
    from {{ relation }} as earlier
    inner join {{ relation }} as later
        on
            earlier.{{ key }} = later.{{ key }}
            and earlier.valid_from < later.valid_from
            and (earlier.valid_to is null or earlier.valid_to > later.valid_from)
    {{ 'union all' if not loop.last }}
{% endfor %}
