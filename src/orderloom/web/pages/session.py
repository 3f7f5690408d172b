"""Logging in and out."""

from __future__ import annotations

from urllib.parse import urlsplit

from orderloom.web.answers import Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.routes import PUBLIC, Routes

routes = Routes("page")


@routes.get("/log-in", permission=PUBLIC)
async def log_in_page(call: Call) -> Page | SeeOther:
    """Ask who it is."""
    if call.visitor.signed_in:
        return SeeOther("/")
    return Page(
        "session/log_in.html",
        {"problems": (), "login": "", "next": inside(call.arguments.get("next", "")), "footer": call.settings.footer},
    )


def inside(address: str) -> str:
    """The address if it is one of ours, else the start page: nobody is led elsewhere after logging in."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    return address if ours else "/"
