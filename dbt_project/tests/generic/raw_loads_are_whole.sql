{#
    Rows of a load that was cut off. The table of loads is read without `source`: a model waits for the tests of what it
    reads, and not every model reads the loads.
#}
{% test raw_loads_are_whole(model) %}

select distinct _dlt_load_id
from {{ model }}
where
    _dlt_load_id not in (
        select load_id
        from {{ model.include(identifier=false) }}._dlt_loads
        where status = 0
    )

{% endtest %}
