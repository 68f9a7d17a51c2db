{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['project_id', 'valid_from'],
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

{{ versions_of(ref('dim_projects'), 'project_id', [
    'organization_slug',
    'project_slug',
    'product_id',
    'mapped_by',
    'is_deleted',
]) }}
