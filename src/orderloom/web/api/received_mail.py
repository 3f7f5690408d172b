"""Mail that a provider received for us and hands in over its web hook, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar.response import Response

from orderloom.approvals.receiving import MailTaken, receive_mail
from orderloom.gateway.received import MAIL_BYTES
from orderloom.web.answers import encoder
from orderloom.web.routes import Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("raw", "/api")


@routes.post(
    "/received-mail",
    permission="messages.write",
    takes="message/rfc822",
    body_bytes=MAIL_BYTES,
    returns=MailTaken,
)
async def take_received_mail(web: Web, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Hand in a mail that came for us, whole, as the mail server got it: a bounce is noted, a reply acted on.

    In the query `sender`, the sender of its envelope, empty for a bounce. The same mail counts once.
    """
    taken = await receive_mail(
        web.database,
        await request.body(),
        envelope_from=request.query_params.get("sender"),
        lookup=web.settings.txt_lookup,
    )
    return Response(encoder.encode(taken), media_type="application/json")
