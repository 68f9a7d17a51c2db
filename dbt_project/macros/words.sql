{# Words in slugs and names, and which of them can tell one product from another. #}

{# Words that are found under every product. pipelines/catalog/draft_words.py has the same; a test holds them equal. #}
{% macro generic_words() -%}
android api app application apps back backend backends beta bot bots cli client core cron cronjob daemon default
demo desktop dev development django docker electron eu express external flask flutter front frontend function
functions gateway go golang graphql internal ios java javascript job jobs js kotlin lambda laravel legacy lib
main microservice mobile monitor native new next node nodejs old php poc portal prod production project proxy
public python queue rails react rest ruby rust scheduler script scripts sdk server service services site spring
stage staging svc swift test testing tests tool tools ui us v1 v2 v3 vue web webapp website worker workers www
{%- endmacro %}

{# Whether a word can tell a product: neither generic, nor a letter, nor a number. #}
{% macro is_telling(word) -%}
    (
        length({{ word }}) > 1
        and {{ word }} not in ('{{ generic_words().split() | join("', '") }}')
        and translate({{ word }}, '0123456789', '') <> ''
    )
{%- endmacro %}

{# A word without the s of a plural. #}
{% macro singular(word) -%}
    case
        when length({{ word }}) > 3 and {{ word }} like '%s' then substring({{ word }}, 1, length({{ word }}) - 1)
        else {{ word }}
    end
{%- endmacro %}
