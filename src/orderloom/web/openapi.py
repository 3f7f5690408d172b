"""The OpenAPI 3.1 description of the API, made from the routes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from orderloom.base.parsing import json_schema
from orderloom.web.answers import Rows
from orderloom.web.problems import MEDIA_TYPE
from orderloom.web.routes import PUBLIC, SIGNED_IN, Route

PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
TYPES = {"int": "integer", "str": "string", "path": "string"}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "problems"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "correlation_id": {"type": "string"},
        "problems": {
            "type": "array",
            "description": "Every reason, not just the first.",
            "items": {
                "type": "object",
                "required": ["code", "message", "pointer"],
                "properties": {
                    "code": {"type": "string", "description": "Stable, for programs."},
                    "message": {"type": "string", "description": "For people: what to do next."},
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) into the body."},
                },
            },
        },
    },
}


def describe(routes: Iterable[Route], *, version: str) -> dict[str, Any]:
    """The whole document; equal routes give equal bytes."""
    schemas: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.path.startswith("/api/") and not route.path.startswith(("/api/docs", "/api/openapi")):
            path = PARAMETER.sub(r"{\1}", route.path)
            paths.setdefault(path, {})[route.method.lower()] = operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Orderloom",
            "version": version,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "orderloom_session",
                    "description": "A person's browser; over https the name begins with __Host-.",
                },
            },
        },
    }


def operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    """One method on one path."""
    needed = {PUBLIC: "Open to everybody.", SIGNED_IN: "Needs a log-in or an API key."}
    right = needed.get(route.permission, f"Needs the right `{route.permission}`.")
    described: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.path.split("/")[2]],
        "summary": route.summary,
        "description": f"{route.description}\n\n{right}".strip(),
        "parameters": [*parameters(route, schemas)],
        "responses": responses(route, schemas),
    }
    if route.permission == PUBLIC:
        described["security"] = []
    if route.body is not None:
        schema = referenced(json_schema(route.body), schemas)
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif route.takes != "application/json":
        described["requestBody"] = {"required": True, "content": {route.takes: {"schema": {"type": "string"}}}}
    return described


def parameters(route: Route, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for name, kind in PARAMETER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": TYPES[kind]}}
    if route.query is not None:
        schema = referenced(json_schema(route.query), schemas, inline=True)
        for name, one in schema.get("properties", {}).items():
            shown: dict[str, Any] = {
                "name": name,
                "in": "query",
                "required": name in schema.get("required", ()),
                "schema": one,
            }
            yield shown
    if route.method == "POST":
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "Makes a retry safe: the same key with the same body gets the first answer again.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
    if route.matches:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "description": "The ETag of what was read; 428 without it, 412 when it has changed since.",
            "schema": {"type": "string"},
        }


def responses(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if route.status != 204:
        good["content"] = {route.media_type: {"schema": answer_schema(route.returns, schemas)}}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {401: "Not logged in", 403: "Right missing"} if route.permission != PUBLIC else {}
    if "{" in route.path:
        refusals[404] = "Not there, or not for you"
    if route.method == "POST":
        refusals[409] = "The first request with this key is still running"
    if route.matches:
        refusals |= {412: "Changed meanwhile", 428: "If-Match is missing"}
    if route.body is not None or route.query is not None:
        refusals[422] = "Refused; every problem is listed"
    return {str(route.status): good} | {
        str(status): {"description": words, "content": problem} for status, words in sorted(refusals.items())
    }


def answer_schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of what a route returns; `Rows` of a class is written `Rows, Class`."""
    if kind is None:
        return {}
    if isinstance(kind, tuple):
        outer, inner = kind
        assert outer is Rows
        item = answer_schema(inner, schemas)
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": item},
                "next": {"type": ["string", "null"], "description": "Send as `cursor` for the following page."},
            },
        }
    try:
        schema = TypeAdapter(kind).json_schema(mode="serialization")
    except Exception:
        return {"type": "object", "title": getattr(kind, "__name__", str(kind))}
    return referenced(schema, schemas)


def referenced(schema: dict[str, Any], schemas: dict[str, Any], *, inline: bool = False) -> dict[str, Any]:
    """Move the definitions into the components and leave references to them."""
    schema = relocated(schema)
    for name, definition in schema.pop("$defs", {}).items():
        schemas.setdefault(name, definition)
    title = schema.get("title")
    if inline or not title or schema.get("type") != "object":
        return schema
    schemas.setdefault(title, schema)
    return {"$ref": f"#/components/schemas/{title}"}


def relocated(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: inner.replace("#/$defs/", "#/components/schemas/") if name == "$ref" else relocated(inner)
            for name, inner in value.items()
        }
    return [relocated(one) for one in value] if isinstance(value, list) else value
