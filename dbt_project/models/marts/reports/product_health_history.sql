{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['product_id', 'valid_from'],
        on_schema_change='append_new_columns',
        full_refresh=false,
    )
}}

{{ versions_of(ref('product_overview'), 'product_id', ['health'], carried=['health_reason']) }}
