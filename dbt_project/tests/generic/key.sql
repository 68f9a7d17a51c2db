{# A key: it is there, and names one row. In one scan what dbt's unique and not_null ask in two. #}
{% test key(model, column_name) %}

select {{ column_name }}
from {{ model }}
group by {{ column_name }}
having
    count(*) > 1
    or {{ column_name }} is null

{% endtest %}
