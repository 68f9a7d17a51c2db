"""A form that was sent, read within limits: its size, the time that it takes, the number of its fields."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from pipelines.pages.respond import refusal

MOST_BYTES = 64 * 1024
MOST_FIELDS = 100
MOST_SECONDS = 10
_TYPE = "application/x-www-form-urlencoded"

Form = dict[str, str]
FormPage = Callable[[Request, Form], Response]


class FormError(Exception):
    """What was sent is no form of ours; the status to answer with, and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def takes_form(page: FormPage) -> Callable[[Request], Awaitable[Response]]:
    """Give the page the fields of the form; one that is too large, too slow or none of ours is refused."""

    @wraps(page)
    async def handler(request: Request) -> Response:
        try:
            async with asyncio.timeout(MOST_SECONDS):
                form = _fields(await _body(request))
        except TimeoutError:
            return refusal(request, 408, "Too slow", "The form took too long to arrive.")
        except ClientDisconnect:
            return Response(status_code=400)
        except FormError as error:
            return refusal(request, error.status, "This form cannot be read", str(error))
        return await run_in_threadpool(page, request, form)

    return handler


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise FormError(415, f"A form is sent as {_TYPE}.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise FormError(413, f"A form may have {MOST_BYTES // 1024} KB; shorten its texts.")
    return bytes(body)


def _fields(body: bytes) -> Form:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except UnicodeError:
        raise FormError(400, "A field is not in UTF-8.") from None
    except ValueError:
        raise FormError(400, f"A form may have {MOST_FIELDS} fields.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise FormError(400, "A field is there twice.")
    if any("\0" in text for text in fields.values()):
        raise FormError(400, "A field has a NUL character.")
    return fields
