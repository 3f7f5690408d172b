"""What sensible partners answer: the outputs of each operation and of each announced event. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from orderloom.partner_simulator.behaviour import short_name

MOST_SERIALS = 1000
Body = Mapping[str, Any]


def outputs_of(partner: str, operation: str, body: Body, *, key: str) -> dict[str, Any]:
    """What this operation yields; the same key always yields the same."""
    word = short_name(operation).lower()
    answer = _ANSWERS.get(word)
    found = answer(partner, body, reference(partner, key)) if answer else {}
    return {"reference": f"{partner}-{reference(partner, key)}", **found}


def event_outputs(partner: str, kind: str, hint: Body, *, identity: str, number: int, count: int) -> dict[str, Any]:
    """What the message `number` of `count` about an announced event tells."""
    mark = reference(partner, f"{identity}:{number}")
    told = _EVENTS.get(short_name(kind).lower())
    found = told(partner, hint, mark) if told else {}
    known = _first(hint, "lines")
    lines = {"lines": known} if isinstance(known, list) and known else {}
    return {"reference": f"{partner}-{mark}", "number": number, "count": count, **lines, **found}


def reference(partner: str, key: str) -> str:
    """A number as a partner would give it, always the same for one key."""
    return str(int.from_bytes(hashlib.sha256(f"{partner}:{key}".encode()).digest()[:5]) % 10**9).zfill(9)


def _qualify(_partner: str, _body: Body, _mark: str) -> dict[str, Any]:
    return {"lineStatus": "free", "maxDownMbps": 120, "maxUpMbps": 45}


def _design(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"pair": f"CP-{mark[:4]}-{mark[4:]}", "port": f"DSLAM-{mark[:2]}/1/{int(mark[2:4]) % 48 + 1}"}


def _turn_on(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"operationalState": "enabled", "port": f"DSLAM-{mark[:2]}/1/{int(mark[2:4]) % 48 + 1}"}


def _test(_partner: str, _body: Body, _mark: str) -> dict[str, Any]:
    return {"passed": True, "syncDownMbps": 104, "syncUpMbps": 42, "errorsPerMinute": 0}


def _create(partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"sipAccount": f"sip:{mark}@voice.example"} if partner == "IMS" else {"tenant": f"tenant-{mark}"}


def _number(_partner: str, body: Body, mark: str) -> dict[str, Any]:
    return {"number": _first(body, "tn", "number", "portIn") or f"+1555{mark[:7]}"}


def _pick(_partner: str, body: Body, mark: str) -> dict[str, Any]:
    lines = [line for line in _first(body, "lines") or [] if isinstance(line, dict)]
    return {"lines": [_picked(line, place, mark) for place, line in enumerate(lines, start=1)], "parcels": 1}


def _picked(line: Mapping[str, Any], place: int, mark: str) -> dict[str, Any]:
    is_serial = line.get("tracking") == "serial" or line.get("serialTracked") is True
    if not is_serial or line.get("serials"):
        return dict(line)
    quantity = min(_units(line.get("quantity", line.get("qty"))), MOST_SERIALS)
    stem = line.get("sku") or line.get("product") or "SN"
    return {**line, "serials": [f"{stem}-{mark}-{place}-{unit:04}" for unit in range(1, quantity + 1)]}


def _units(quantity: object) -> int:
    try:
        return int(Decimal(str(quantity)))
    except (ArithmeticError, ValueError):
        return 0


def _ship(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {
        "trackingNumber": f"1Z{mark}",
        "carrier": "Parcel carrier",
        "trackingUrl": f"https://carrier.example/{mark}",
    }


def _send(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"vendorOrder": f"VO-{mark}"}


def _authorise(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"authorisation": f"AUTH-{mark}", "approved": True}


def _grant(_partner: str, body: Body, mark: str) -> dict[str, Any]:
    return {"grant": f"LG-{mark}", "licences": _first(body, "quantity", "count") or 1}


def _entitle(partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"entitlement": f"{partner}-E{mark}"}


def _undo(_partner: str, _body: Body, mark: str) -> dict[str, Any]:
    return {"undone": True, "confirmation": mark}


def _device(partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"device": f"{partner}-{mark}", "firmware": "9.2.1"}


def _delivered(_partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"signedBy": "M. Receiver", "proof": f"POD-{mark}"}


def _acknowledged(_partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"vendorOrder": f"VO-{mark}", "accepted": True}


def _notified(_partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"shipment": f"ASN-{mark}", "trackingNumber": f"1Z{mark}"}


def _booked(_partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"appointment": f"SLOT-{mark}", "window": "09:00-12:00"}


def _accepted(partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"acceptedBy": "A. Customer"} if partner == "PORTAL" else {"accepted": True, "portRequest": mark}


def _signed(_partner: str, _hint: Body, mark: str) -> dict[str, Any]:
    return {"envelope": f"ENV-{mark}", "signedBy": "A. Customer"}


def _logged_in(_partner: str, _hint: Body, _mark: str) -> dict[str, Any]:
    return {"admin": "admin@customer.example"}


def _first(body: Body, *names: str) -> Any:
    """The first of these fields: at the top of the body, in its item, or among the characteristics of either."""
    item = body.get("item")
    inner = item if isinstance(item, Mapping) else {}
    for place in (body, body.get("characteristics"), inner, inner.get("characteristics")):
        if isinstance(place, Mapping):
            for name in names:
                if place.get(name) is not None:
                    return place[name]
    return None


_Told = Callable[[str, Body, str], dict[str, Any]]
_ANSWERS: Mapping[str, _Told] = {
    "qualify": _qualify,
    "design": _design,
    "turnon": _turn_on,
    "test": _test,
    "create": _create,
    "cutover": _number,
    "assign": _number,
    "pick": _pick,
    "stage": _pick,
    "ship": _ship,
    "send": _send,
    "authorise": _authorise,
    "grant": _grant,
    "enable": _entitle,
    "activate": _entitle,
    "undo": _undo,
    "cancel": _undo,
}
_EVENTS: Mapping[str, _Told] = {
    "sync": _device,
    "registered": _device,
    "enrolled": _device,
    "delivered": _delivered,
    "acknowledged": _acknowledged,
    "notified": _notified,
    "book": _booked,
    "accepted": _accepted,
    "accept": _accepted,
    "sign": _signed,
    "firstlogin": _logged_in,
}
