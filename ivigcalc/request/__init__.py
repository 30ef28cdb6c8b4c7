"""What is asked: in words (`Form`), then exact (`Request`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ivigcalc.lazy import hands_on

if TYPE_CHECKING:
    from ivigcalc.request.form import Form as Form
    from ivigcalc.request.request import Order as Order
    from ivigcalc.request.request import Patient as Patient
    from ivigcalc.request.request import Request as Request

__getattr__, __dir__ = hands_on(
    __name__, {"Form": "form", "Order": "request", "Patient": "request", "Request": "request"}
)
