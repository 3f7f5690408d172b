"""Elements of a decision model as XML, for tests."""

from __future__ import annotations

from html import escape

DECISION, INPUT, KNOWLEDGE = "requiredDecision", "requiredInput", "requiredKnowledge"


def model(*elements: str, version: str = "20211108", namespace: str = "urn:example:made", head: str = "") -> str:
    inner = "\n".join(elements)
    return (
        f'<definitions xmlns="https://www.omg.org/spec/DMN/{version}/MODEL/" namespace="{namespace}" name="Made"'
        f" {head}>\n{inner}\n</definitions>"
    )


def literal(name: str, text: str, *requires: str, type_name: str = "") -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    kind = f' typeRef="{type_name}"' if type_name else ""
    return (
        f'<decision id="{name}" name="{name}"><variable name="{name}"{kind}/>{"".join(requires)}'
        f"<literalExpression><text>{escaped}</text></literalExpression></decision>"
    )


def item(name: str, base: str, *inner: str, is_list: bool = False) -> str:
    kind = f"<typeRef>{base}</typeRef>" if base else ""
    return (
        f'<itemDefinition name="{name}" isCollection="{str(is_list).lower()}">{kind}{"".join(inner)}</itemDefinition>'
    )


def component(name: str, base: str, *, is_list: bool = False) -> str:
    return item(name, base, is_list=is_list).replace("itemDefinition", "itemComponent")


def limited(element: str, text: str) -> str:
    return f"<{element}><text>{text}</text></{element}>"


def needs(kind: str, href: str) -> str:
    outer = "knowledgeRequirement" if kind == "requiredKnowledge" else "informationRequirement"
    return f'<{outer}><{kind} href="{href if "#" in href else "#" + href}"/></{outer}>'


def input_data(name: str, type_name: str) -> str:
    return f'<inputData id="{name}" name="{name}"><variable name="{name}" typeRef="{escape(type_name)}"/></inputData>'


def box(text: str, tag: str = "literalExpression") -> str:
    """An expression, or a cell of another name, with its text."""
    return f"<{tag}><text>{escape(text, quote=False)}</text></{tag}>"


def decision(name: str, boxed: str, *requires: str, type_name: str = "") -> str:
    return f'<decision id="{name}" name="{name}">{variable(name, type_name)}{"".join(requires)}{boxed}</decision>'


def variable(name: str, type_name: str = "", tag: str = "variable") -> str:
    return f'<{tag} name="{name}"' + (f' typeRef="{escape(type_name)}"' if type_name else "") + "/>"


def context(*entries: tuple[str, str] | tuple[str, str, str]) -> str:
    """Entries as name, box and perhaps type; the one without a name is the result."""
    inner = "".join(
        f"<contextEntry>{variable(name, *kind) if name else ''}{boxed}</contextEntry>" for name, boxed, *kind in entries
    )
    return f"<context>{inner}</context>"


def function(boxed: str, *parameters: tuple[str, str]) -> str:
    formal = "".join(variable(name, kind, "formalParameter") for name, kind in parameters)
    return f"<functionDefinition>{formal}{boxed}</functionDefinition>"


def invocation(called: str, *bindings: tuple[str, str]) -> str:
    bound = "".join(f"<binding>{variable(name, tag='parameter')}{box(text)}</binding>" for name, text in bindings)
    return f"<invocation>{box(called)}{bound}</invocation>"


def knowledge(name: str, boxed: str, *rest: tuple[str, str] | str, type_name: str = "") -> str:
    """A business knowledge model; what follows are its parameters (name and type) and its requirements."""
    formal = "".join(variable(*part, "formalParameter") for part in rest if isinstance(part, tuple))
    requires = "".join(part for part in rest if isinstance(part, str))
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}">{variable(name, type_name)}<encapsulatedLogic>{formal}'
        f"{boxed}</encapsulatedLogic>{requires}</businessKnowledgeModel>"
    )


def service(name: str, **parts: list[str]) -> str:
    """A decision service by lists of ids: output, encapsulated, decisions (its inputs) and data."""
    tags = {"output": "outputDecision", "encapsulated": "encapsulatedDecision", "decisions": "inputDecision"}
    inner = "".join(
        f'<{tags.get(kind, "inputData")} href="#{identifier}"/>' for kind, ids in parts.items() for identifier in ids
    )
    return f'<decisionService id="{name}" name="{name}">{variable(name)}{inner}</decisionService>'


def table(
    policy: str, inputs: list[str], outputs: list[dict[str, str]], rules: list[tuple[str, ...]], *, values: str = ""
) -> str:
    """A decision table; an output has a name, a type, allowed values and a default, `values` are those of inputs."""
    name, _, aggregation = policy.partition(" with ")
    parts = [f'<decisionTable hitPolicy="{name}" aggregation="{aggregation}">']
    allowed = box(values, "inputValues") if values else ""
    parts += [f"<input>{box(text, 'inputExpression')}{allowed}</input>" for text in inputs]
    for output in outputs:
        attributes = "".join(f' {key}="{output[key]}"' for key in ("name", "typeRef") if key in output)
        inner = box(output["values"], "outputValues") if "values" in output else ""
        inner += box(output["default"], "defaultOutputEntry") if "default" in output else ""
        parts.append(f"<output{attributes}>{inner}</output>")
    for rule in rules:
        tests = [box(cell, "inputEntry") for cell in rule[: len(inputs)]]
        parts.append(f"<rule>{''.join(tests)}{''.join(box(c, 'outputEntry') for c in rule[len(inputs) :])}</rule>")
    return "".join(parts) + "</decisionTable>"
