{{ config(materialized='view') }}

select distinct date_on
from {{ ref('fct_project_daily') }}
