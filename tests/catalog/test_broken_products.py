"""What the check says about mistakes in products.csv, word for word."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import pytest

from .small_catalog import PRODUCTS, SHOP, Folder

BROKEN: list[tuple[str, str, str | bytes | None, list[str]]] = [
    (
        "three products in a loop",
        "products.csv",
        PRODUCTS + SHOP + "a,A,c,,t,,\nb,B,a,,,,\nc,C,b,,,,\n",
        [
            "seeds/products.csv:5: error: a loop: a > b > c > a (each is the parent of the next; lines 5, 6, 7); give one of them another parent_id, or none",
        ],
    ),
    (
        "a product that is its own parent",
        "products.csv",
        PRODUCTS + SHOP + "a,A,A,,t,,\n",
        [
            "seeds/products.csv:5: error: a loop: a > a; a product cannot be its own parent, leave parent_id blank",
        ],
    ),
    (
        "two loops",
        "products.csv",
        PRODUCTS + SHOP + "a,A,b,,t,,\nc,C,d,,,,\nd,D,c,,,,\nb,B,a,,,,\nbelow,Below,a,,,,\n",
        [
            "seeds/products.csv:5: error: a loop: a > b > a (each is the parent of the next; lines 5, 8); give one of them another parent_id, or none",
            "seeds/products.csv:6: error: a loop: c > d > c (each is the parent of the next; lines 6, 7); give one of them another parent_id, or none",
        ],
    ),
    (
        "an unknown parent",
        "products.csv",
        PRODUCTS + SHOP + "a,A,paymnts,,t,,\n",
        [
            'seeds/products.csv:5: error: parent_id "paymnts" is no product_id of this file; did you mean "payments"?',
        ],
    ),
    (
        "a parent by its name",
        "products.csv",
        PRODUCTS + SHOP + "a,A,Payment System,,t,,\n",
        [
            'seeds/products.csv:5: error: parent_id "payment system" is no product_id of this file; did you mean "payments"?',
        ],
    ),
    (
        "a parent like no other id",
        "products.csv",
        PRODUCTS + SHOP + "a,A,zzz,,t,,\n",
        [
            'seeds/products.csv:5: error: parent_id "zzz" is no product_id of this file; leave it blank for a product at the top',
        ],
    ),
    (
        "an id twice",
        "products.csv",
        PRODUCTS + SHOP + "shop,Other,,,t,,\n",
        [
            'seeds/products.csv:5: error: product_id "shop" is the id of "Shop" in line 2 already (upper and lower case count as the same); give one of them another id, or remove it',
        ],
    ),
    (
        "two ids that differ only in case",
        "products.csv",
        PRODUCTS + SHOP + "SHOP,Other,,,t,,\n",
        [
            'seeds/products.csv:5: error: product_id "shop" is the id of "Shop" in line 2 already (upper and lower case count as the same); give one of them another id, or remove it',
        ],
    ),
    (
        "a row twice",
        "products.csv",
        PRODUCTS + SHOP + "shop,Shop,,,commerce,high,\n",
        [
            'seeds/products.csv:5: error: product_id "shop" is the id of "Shop" in line 2 already (upper and lower case count as the same); give one of them another id, or remove it',
        ],
    ),
    (
        "no id",
        "products.csv",
        PRODUCTS + SHOP + ",Other,,,t,,\n",
        [
            "seeds/products.csv:5: error: product_id is blank; give the product an id",
        ],
    ),
    (
        "no name",
        "products.csv",
        PRODUCTS + SHOP + "a,\u00a0 ,,,t,,\n",
        [
            "seeds/products.csv:5: error: name is blank; give the product a name",
        ],
    ),
    (
        "blanks in an id, also where it is referred to",
        "products.csv",
        PRODUCTS + SHOP + "User Mgmt,U,shop,,,,\nb,B,user mgmt,,,,\n",
        [
            'seeds/products.csv:5: error: product_id "User Mgmt" may hold only a-z, 0-9, "-", "_" and "."; write "user-mgmt"',
        ],
    ),
    (
        "letters beyond a to z in an id",
        "products.csv",
        PRODUCTS + SHOP + "größe,G,shop,,,,\n",
        [
            'seeds/products.csv:5: error: product_id "größe" may hold only a-z, 0-9, "-", "_" and "."; write "grosse"',
        ],
    ),
    (
        "an id in another script",
        "products.csv",
        PRODUCTS + SHOP + "支付,P,shop,,,,\n",
        [
            'seeds/products.csv:5: error: product_id "支付" may hold only a-z, 0-9, "-", "_" and "."',
        ],
    ),
    (
        "a misspelt priority",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,,,hgih,\n",
        [
            'seeds/products.csv:5: error: priority "hgih" is not a priority; write one of critical, high, medium, low; did you mean "high"?',
        ],
    ),
    (
        "a priority of another scheme",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,,,P1,\n",
        [
            'seeds/products.csv:5: error: priority "P1" is not a priority; write one of critical, high, medium, low',
        ],
    ),
    (
        "neither true nor false",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,,,,maybe\n",
        [
            'seeds/products.csv:5: error: is_active "maybe" is neither true nor false; write true (also yes, 1, blank) or false (also no, 0)',
        ],
    ),
    (
        "a team named as the missing owner",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,,(Unowned),,\n",
        [
            'seeds/products.csv:5: error: owner_team "(Unowned)" is how the reports name a missing owner; leave it blank',
        ],
    ),
    (
        "a spreadsheet's own error",
        "products.csv",
        PRODUCTS + SHOP + "a,#REF!,shop,,,,\n",
        [
            'seeds/products.csv:5: error: name "#REF!" is a spreadsheet\'s own error; write the value itself',
        ],
    ),
    (
        "a control character",
        "products.csv",
        PRODUCTS + SHOP + "a,A\x07B,shop,,,,\n",
        [
            'seeds/products.csv:5: error: name "A\\x07B" has an invisible control character; type the text anew',
        ],
    ),
    (
        "active below inactive",
        "products.csv",
        PRODUCTS + SHOP + "old,Old,shop,,,,no\nnew,New,old,,,,\n",
        [
            'seeds/products.csv:6: warning: "new" is active, but its parent "old" (line 5) is not, so both count as inactive; write is_active false here too, or another parent_id',
        ],
    ),
    (
        "no owner up to the root",
        "products.csv",
        PRODUCTS + SHOP + "lone,Lone,,,,,\nx,X,lone,,,,\ny,Y,x,,,,\nz,Z,x,,q,,\n",
        [
            'seeds/products.csv:5: warning: "lone" has no owner_team, nor have 2 products below it; write one here, and everything below that has none of its own inherits it',
        ],
    ),
    (
        "no owner of a single product",
        "products.csv",
        PRODUCTS + SHOP + "lone,Lone,,,,,\n",
        [
            'seeds/products.csv:5: warning: "lone" has no owner_team; write one here, and everything below that has none of its own inherits it',
        ],
    ),
    (
        "a team in two spellings",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,,Commerce,,\n",
        [
            'seeds/products.csv:5: warning: owner_team "Commerce" is "commerce" in line 2, and would be reported as another team; write both the same',
        ],
    ),
    (
        "several mistakes in one row",
        "products.csv",
        PRODUCTS + SHOP + "shop,,nope,,,urgent,maybe\n",
        [
            "seeds/products.csv:5: error: name is blank; give the product a name",
            'seeds/products.csv:5: error: priority "urgent" is not a priority; write one of critical, high, medium, low',
            'seeds/products.csv:5: error: is_active "maybe" is neither true nor false; write true (also yes, 1, blank) or false (also no, 0)',
            'seeds/products.csv:5: error: product_id "shop" is the id of "Shop" in line 2 already (upper and lower case count as the same); give one of them another id, or remove it',
            'seeds/products.csv:5: error: parent_id "nope" is no product_id of this file; leave it blank for a product at the top',
        ],
    ),
    (
        "no products",
        "products.csv",
        PRODUCTS,
        [
            "seeds/products.csv: error: has no products, so that every report would be empty; add one",
        ],
    ),
]


@pytest.mark.parametrize(
    ("file", "content", "messages"), [pytest.param(*case, id=name) for name, *case in BROKEN]
)
def test_the_check_explains_mistakes_in_the_products(
    folder: Folder, file: str, content: str | bytes | None, messages: list[str]
) -> None:
    folder.write(file, content)

    assert folder.messages() == messages
