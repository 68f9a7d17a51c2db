{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['product_id', 'valid_from'],
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

{{ versions_of(ref('dim_products'), 'product_id', [
    'product_name',
    'parent_product_id',
    'path',
    'owner_team',
    'product_priority',
    'sla_target_hours',
    'sla_target_hours_high',
    'sla_target_hours_medium',
    'sla_target_hours_low',
    'is_active',
]) }}
