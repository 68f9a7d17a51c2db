"""The forms of a page, filled in and sent as a browser without scripts would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import requests


@dataclass
class Form:
    """A form: its method and address, the entries as they stand, and its buttons."""

    method: str
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def send(
        self,
        url: str,
        button: str | None = None,
        entries: dict[str, str] | None = None,
        name: str = "step",
        **headers: str,
    ) -> requests.Response:
        """Send the form with these entries instead of those that stand there.

        `button` is the value of the one of this name that is pressed, also one that the page does not show.
        """
        data = self.fields | {f"cell.{column}": text for column, text in (entries or {}).items()}
        data |= {name: button} if button else {}
        return requests.post(
            url + self.action, data, headers={"Origin": url} | headers, timeout=300
        )


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._text: tuple[str, list[str]] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self._form = Form(given.get("method", "get"), given.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input":
            self._form.fields[name] = given.get("value", "")
        elif tag == "button":
            self._form.buttons.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._text = name, []
        elif tag == "select":
            self._select = name
            self._form.options[name] = []
        elif tag == "option" and self._select:
            value = given.get("value", "")
            if not self._form.options[self._select] or "selected" in given:
                self._form.fields[self._select] = value
            self._form.options[self._select].append(value)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._text and self._form:
            name, parts = self._text
            self._form.fields[name] = "".join(parts).removeprefix("\n")
            self._text = None

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text[1].append(data)


def forms(page: requests.Response) -> list[Form]:
    """Return the forms of the page that change something, in their order."""
    parser = _Forms()
    parser.feed(page.text)
    return [form for form in parser.forms if form.method == "post"]
