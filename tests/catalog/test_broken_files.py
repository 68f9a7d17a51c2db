"""What the check says about files that are not the CSV they should be, word for word."""

# ruff: noqa: E501 - each message stands on one line, as it is printed

from __future__ import annotations

import pytest

from .small_catalog import HIGH, LEDGER, MAPPING, PRODUCTS, SHOP, TARGETS, Folder

BROKEN: list[tuple[str, str, str | bytes | None, list[str]]] = [
    (
        "a missing file",
        "products.csv",
        None,
        [
            "seeds/products.csv: error: the file is missing; it needs at least the heading product_id,name,parent_id,description,owner_team,priority,is_active",
        ],
    ),
    (
        "an empty file",
        "products.csv",
        b"",
        [
            "seeds/products.csv: error: the file is empty; the first row must be the heading product_id,name,parent_id,description,owner_team,priority,is_active",
        ],
    ),
    (
        "only blank lines",
        "sla_targets.csv",
        "\n ,,\n\n",
        [
            "seeds/sla_targets.csv: error: the file is empty; the first row must be the heading priority,resolve_within_hours",
        ],
    ),
    (
        "no heading",
        "products.csv",
        SHOP,
        [
            'seeds/products.csv:1: error: the first row must be the heading product_id,name,parent_id,description,owner_team,priority,is_active; found "shop,Shop,,,commerce,high,"',
        ],
    ),
    (
        "a missing column",
        "products.csv",
        (PRODUCTS + SHOP).replace(",priority", "", 1),
        [
            'seeds/products.csv:1: error: column "priority" is missing; the heading must be product_id,name,parent_id,description,owner_team,priority,is_active',
        ],
    ),
    (
        "two missing columns",
        "project_products.csv",
        "project\nledger\n",
        [
            'seeds/project_products.csv:1: error: columns "organization", "product_id" are missing; the heading must be organization,project,product_id',
        ],
    ),
    (
        "a missing column between tabs",
        "project_products.csv",
        "project\tproduct_id\n",
        [
            'seeds/project_products.csv:1: error: column "organization" is missing; the heading must be organization\\tproject\\tproduct_id',
        ],
    ),
    (
        "a misnamed column",
        "products.csv",
        (PRODUCTS + SHOP).replace("parent_id", "parent", 1),
        [
            'seeds/products.csv:1: error: column "parent" is not known; call it "parent_id"',
        ],
    ),
    (
        "a column too many",
        "project_products.csv",
        "organization,project,product_id,note\n,ledger,payments,x\n",
        [
            'seeds/project_products.csv:1: error: column "note" is not known; remove it (known: organization, project, product_id)',
        ],
    ),
    (
        "a column twice",
        "project_products.csv",
        "organization,project,product_id,Project\n,ledger,payments,x\n",
        [
            'seeds/project_products.csv:1: error: column "Project" is there twice; remove one',
        ],
    ),
    (
        "a column without a name",
        "project_products.csv",
        "organization,,project,product_id\n,x,ledger,payments\n",
        [
            "seeds/project_products.csv:1: error: column 2 of the heading has no name; remove the column",
        ],
    ),
    (
        "a text with a comma and no quotes",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop,Cards, wallets,,,\n",
        [
            'seeds/products.csv:5: error: 8 cells, but the heading has 7; put quotes (") around a text with a comma in it, or remove what is too many',
        ],
    ),
    (
        "a comma too many",
        "project_products.csv",
        MAPPING + LEDGER + "acme,web,checkout,\n",
        [
            'seeds/project_products.csv:4: error: 4 cells, but the heading has 3; put quotes (") around a text with a comma in it, or remove what is too many',
        ],
    ),
    (
        "a semicolon and no quotes",
        "products.csv",
        (PRODUCTS + SHOP).replace(",", ";") + "a;A;shop;Cards; wallets;;;\n",
        [
            'seeds/products.csv:5: error: 8 cells, but the heading has 7; put quotes (") around a text with a semicolon in it, or remove what is too many',
        ],
    ),
    (
        "a text below no heading",
        "project_products.csv",
        "organization,project,product_id,,\n,ledger,payments,,x\n",
        [
            'seeds/project_products.csv:2: error: 5 cells, but the heading has 3; put quotes (") around a text with a comma in it, or remove what is too many',
        ],
    ),
    (
        "a short row",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop\n",
        [
            "seeds/products.csv:5: warning: 3 cells, but the heading has 7; those missing at the end count as blank",
        ],
    ),
    (
        "a forgotten cell",
        "project_products.csv",
        MAPPING + LEDGER + "web,payments\n",
        [
            "seeds/project_products.csv:4: warning: 2 cells, but the heading has 3; those missing at the end count as blank",
            "seeds/project_products.csv:4: error: product_id is blank; write the project's product",
        ],
    ),
    (
        "a quote that is not closed",
        "products.csv",
        PRODUCTS + 'shop,"Shop,,,t,,\npayments,P,shop,,,,\ncheckout,C,shop,"a, b",,\n',
        [
            'seeds/products.csv:2: error: a quote (") that opens in this row is not closed in it (the cell ran on to line 4); close it, or write "" for a quote that belongs to the text',
            "seeds/products.csv:4: warning: 6 cells, but the heading has 7; those missing at the end count as blank",
        ],
    ),
    (
        "a quote that is not closed in the last row",
        "products.csv",
        PRODUCTS + SHOP + 'a,A,shop,"Accounts,,,\n',
        [
            'seeds/products.csv:5: error: a quote (") that opens in this row is not closed in it; close it, or write "" for a quote that belongs to the text',
        ],
    ),
    (
        "a quote that swallows a row",
        "products.csv",
        PRODUCTS + SHOP + 'a,"A,,,t,,\nb,B",shop,,,,\n',
        [
            'seeds/products.csv:5: error: name "A,,,t,,\\nb,B" runs over lines 5 to 6; is a quote (") missing?',
        ],
    ),
    (
        "text after a quote",
        "products.csv",
        PRODUCTS + SHOP + 'a,"A" b,shop,,,,\n',
        [
            'seeds/products.csv:5: error: has text after a closing quote ("); put the quotes around the whole cell, and write "" for a quote that belongs to the text',
        ],
    ),
    (
        "a heading with a quote that is not closed",
        "sla_targets.csv",
        'priority,"resolve_within_hours\nhigh,3\n',
        [
            'seeds/sla_targets.csv:1: error: a quote (") that opens in this row is not closed in it (the cell ran on to line 2); close it, or write "" for a quote that belongs to the text',
        ],
    ),
    (
        "a huge cell",
        "products.csv",
        PRODUCTS + SHOP + "a,A,shop," + "x" * 200_000 + ",,,\n",
        [
            "seeds/products.csv:5: error: has a cell of more than 131,072 characters; shorten it",
        ],
    ),
    (
        "a merge conflict",
        "project_products.csv",
        MAPPING + "<<<<<<< HEAD\n,ledger,payments\n=======\n>>>>>>> other\n",
        [
            "seeds/project_products.csv:2: error: a merge conflict is left here; choose one side and remove its markers",
        ],
    ),
    (
        "a workbook",
        "products.csv",
        b"PK\x03\x04\x14\x00",
        [
            "seeds/products.csv: error: is an Excel or OpenDocument workbook, not a CSV file; export it as CSV (UTF-8)",
        ],
    ),
    (
        "an old workbook",
        "products.csv",
        b"\xd0\xcf\x11\xe0\xa1\xb1",
        [
            "seeds/products.csv: error: is an old Excel workbook, not a CSV file; export it as CSV (UTF-8)",
        ],
    ),
    (
        "a compressed file",
        "products.csv",
        b"\x1f\x8b\x08",
        [
            "seeds/products.csv: error: is a compressed file, not a CSV file; export it as CSV (UTF-8)",
        ],
    ),
    (
        "a NUL character",
        "products.csv",
        PRODUCTS + SHOP + "a\0,A,,,t,,\n",
        [
            "seeds/products.csv:5: error: has a NUL character, so it is not a text file; export it as CSV (UTF-8)",
        ],
    ),
    (
        "UTF-32",
        "sla_targets.csv",
        (TARGETS + HIGH).encode("utf-32"),
        [
            "seeds/sla_targets.csv:1: error: has a NUL character, so it is not a text file; export it as CSV (UTF-8)",
        ],
    ),
    (
        "Windows-1252",
        "products.csv",
        (PRODUCTS + SHOP + "a,Café,zzz,,t,,\n").encode("cp1252"),
        [
            'seeds/products.csv:5: error: "é" is not in UTF-8; save the file as CSV (UTF-8)',
            'seeds/products.csv:5: error: parent_id "zzz" is no product_id of this file; leave it blank for a product at the top',
        ],
    ),
    (
        "one wrong byte after a byte order mark",
        "sla_targets.csv",
        b"\xef\xbb\xbf" + TARGETS.encode() + b"high,72\nlow,7\xff\n",
        [
            'seeds/sla_targets.csv:3: error: "ÿ" is not in UTF-8; save the file as CSV (UTF-8)',
            'seeds/sla_targets.csv:3: error: resolve_within_hours "7ÿ" is not a number of hours; write for example 72',
        ],
    ),
    (
        "half a UTF-16 character",
        "sla_targets.csv",
        (TARGETS + HIGH).encode("utf-16")[:-1],
        [
            "seeds/sla_targets.csv:2: error: the UTF-16 text is damaged; save the file as CSV (UTF-8)",
        ],
    ),
]


@pytest.mark.parametrize(
    ("file", "content", "messages"), [pytest.param(*case, id=name) for name, *case in BROKEN]
)
def test_the_check_explains_what_is_wrong_with_a_file(
    folder: Folder, file: str, content: str | bytes | None, messages: list[str]
) -> None:
    folder.write(file, content)

    assert folder.messages() == messages
