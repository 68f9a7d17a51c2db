"""What happened of late in the sample world, issue by issue.

- Four weeks ago an upgrade of the search made Product Catalog slow. It was mended on Monday a week ago: this product
  gets better.
- On Thursday a release broke the coupons in Checkout Flow, and one session in thirty crashed. A fix on Friday held
  until Sunday evening, then the main error came back, and two more are still open: this product gets worse.
- On Sunday at noon the provider of one-time codes changed its answer, and some people cannot sign in. Authentication
  has a day for that, and most of it is over.
- Legacy Reports was switched off in spring. In summer somebody ran a report by hand; since then it is quiet.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pipelines.fake_sentry.company import SWITCHED_OFF
from pipelines.fake_sentry.sentry_world import START

ONCE_MORE = datetime(2026, 8, 20, 8, 30, tzinfo=START.tzinfo)
BROKEN_SEARCH = datetime(2026, 10, 6, 9, 40, tzinfo=START.tzinfo)
MENDED_SEARCH = datetime(2026, 10, 26, 10, 30, tzinfo=START.tzinfo)
BROKEN_COUPONS = datetime(2026, 10, 29, 10, 20, tzinfo=START.tzinfo)
MENDED_COUPONS = datetime(2026, 10, 30, 11, 5, tzinfo=START.tzinfo)
COUPONS_AGAIN = datetime(2026, 11, 1, 19, 50, tzinfo=START.tzinfo)
BROKEN_CODES = datetime(2026, 11, 1, 12, 40, tzinfo=START.tzinfo)
COUPONS_DONE = datetime(2026, 11, 2, 15, 30, tzinfo=START.tzinfo)


class Trouble(NamedTuple):
    """An issue that this story is about, with some `amount` of events an hour, fixed and back at these moments."""

    at: datetime
    slug: str
    title: str
    culprit: str
    amount: float
    fixed: tuple[datetime, ...] = ()
    back: tuple[datetime, ...] = ()
    level: str = "error"


TROUBLES = [
    Trouble(
        ONCE_MORE,
        SWITCHED_OFF,
        "FileNotFoundError: No such file: 'attachment/reports-12.csv'",
        "jobs.attachment.files in open_report",
        0.3,
        (ONCE_MORE + timedelta(days=2),),
    ),
    Trouble(
        ONCE_MORE + timedelta(hours=1),
        SWITCHED_OFF,
        "SoftTimeLimitExceeded: mail took longer than 30 minutes",
        "jobs.mail.tasks in run",
        0,
    ),
    Trouble(
        BROKEN_SEARCH,
        "search-service",
        "SocketTimeoutException: Read timed out",
        "index.client in request",
        3.4,
        (MENDED_SEARCH,),
    ),
    Trouble(
        BROKEN_SEARCH + timedelta(hours=2),
        "search-service",
        "CircuitBreakerOpenException: Circuit breaker 'query-facet' is OPEN",
        "facet.client in call",
        2.1,
        (MENDED_SEARCH + timedelta(minutes=4),),
    ),
    Trouble(
        BROKEN_SEARCH + timedelta(hours=5),
        "catalog-api",
        "Error: search-service answered 503",
        "GET /articles",
        2.6,
        (MENDED_SEARCH + timedelta(hours=1),),
    ),
    Trouble(
        BROKEN_COUPONS,
        "checkout-web",
        "TypeError: Cannot read properties of undefined (reading 'discount')",
        "CouponBox(CheckoutPage.tsx)",
        50,
        (MENDED_COUPONS, COUPONS_DONE),
        (COUPONS_AGAIN,),
    ),
    Trouble(
        BROKEN_COUPONS + timedelta(minutes=7),
        "checkout-api",
        "ValidationError: 1 validation error for order: field 'coupon' is required",
        "app.orders.schema in load",
        14,
        (COUPONS_DONE,),
    ),
    Trouble(
        BROKEN_COUPONS + timedelta(minutes=50),
        "cart-service",
        "*errors.errorString: cart has a negative price",
        "cart in check",
        4,
        (COUPONS_DONE + timedelta(hours=20),),
    ),
    Trouble(
        BROKEN_COUPONS + timedelta(hours=3),
        "checkout-ios",
        "DecodingError: keyNotFound: 'discount' in OrderList",
        "OrderList.decode",
        3,
        (COUPONS_DONE + timedelta(hours=42),),
        level="fatal",
    ),
    Trouble(
        BROKEN_CODES,
        "auth-api",
        "KeyError: 'delivery_id'",
        "auth.codes.provider in send",
        6,
        (BROKEN_CODES + timedelta(hours=24),),
    ),
]
