"""A simulation for the terminal: item tree, things, steps with dates, critical path, gates, and why."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from orderloom.catalog.template import shown
from orderloom.fulfilment.explain import edge_reason, step_reason, thing_reasons
from orderloom.fulfilment.simulate import Simulation
from orderloom.fulfilment.types import Plan

MAX_ROWS = 200


def picture(simulation: Simulation) -> RenderableType:
    """Everything that a person asks of a plan, top to bottom."""
    plan = simulation.plan
    parts: list[RenderableType] = [
        Text(f"Catalogue {plan.catalogue.code}, version {plan.catalogue.version}", style="bold"),
        _items(plan),
        _things(plan),
        _steps(simulation),
        _dependencies(plan),
        _dates(simulation),
        _critical_path(simulation),
        _billing(plan),
        _reasons(plan),
    ]
    parts += [Text(f"HELD  {hold.message}", style="bold red") for hold in plan.holds]
    parts += [Text(f"Line {line}: {reason}", style="dim") for line, reason in plan.nothing.items()]
    parts += [Text(f"Note  {warning}", style="yellow") for warning in plan.warnings]
    return Group(*parts)


def _items(plan: Plan) -> Tree:
    tree = Tree(f"[bold]Items ({len(plan.items)})")
    nodes: dict[str, Tree] = {}
    for line, item in list(plan.items.items())[:MAX_ROWS]:
        above = nodes.get(item.parent or "", tree)
        quantity = "" if item.quantity == Decimal(1) else f" x {shown(item.quantity)}"
        places = ", ".join(f"{part.place}: {shown(part.quantity)}" for part in item.parts if part.place)
        nodes[line] = above.add(
            escape(f"{line}  {item.product.name}{quantity}") + (f" [dim]{escape(places)}[/]" if places else "")
        )
    _cut(tree, len(plan.items))
    return tree


def _things(plan: Plan) -> Tree:
    tree = Tree(f"[bold]Decomposes into ({len(plan.things)})")
    nodes: dict[str, Tree] = {}
    for thing in plan.things[:MAX_ROWS]:
        above = nodes.get(thing.parents[0], tree) if thing.parents else tree
        mark = " [yellow]provisional[/]" if thing.open_attributes else ""
        mark = " [green]installed[/]" if thing.is_installed else mark
        sources = ", ".join(thing.sources[:8]) + (" ..." if len(thing.sources) > 8 else "")
        nodes[thing.key] = above.add(f"{escape(thing.label)} [dim]{thing.spec.kind}, from {escape(sources)}[/]{mark}")
    _cut(tree, len(plan.things))
    return tree


def _cut(tree: Tree, count: int) -> None:
    if count > MAX_ROWS:
        tree.add(f"[dim]and {count - MAX_ROWS} more; --json has them all[/]")


def _steps(simulation: Simulation) -> Table:
    plan, forecast = simulation.plan, simulation.schedule
    critical = set(forecast.critical_path)
    table = Table(title=f"Steps ({len(plan.steps)})", title_justify="left", expand=False)
    for name in ("#", "Step", "Kind", "By", "Hours o/t/p", "Start", "Finish", "Slack", "No return"):
        table.add_column(name, justify="right" if name in ("#", "Start", "Finish", "Slack") else "left")
    for number, step in enumerate(plan.steps[:MAX_ROWS]):
        template = step.template
        hours = plan.shape.nodes[number].hours or (0.0, 0.0, 0.0)
        slack = forecast.slack[number]
        by = template.queue or template.system or ""
        owner = "" if template.owner == "internal" else f" ({template.owner})"
        notes = "" if not template.optional else " [dim]optional[/]"
        notes += " [dim]skipped[/]" if step.is_born_skipped else ""
        table.add_row(
            str(number + 1),
            escape(step.title) + notes,
            template.type,
            escape(by) + owner,
            " / ".join(f"{h:g}" for h in hours),
            _hours(forecast.starts[number]),
            _hours(forecast.finishes[number]),
            "" if slack is None else _hours(slack),
            "" if template.point_of_no_return == "none" else template.point_of_no_return,
            style="bold" if number in critical else None,
        )
    return table


def _dependencies(plan: Plan) -> Table:
    edges = [(e, r) for e, r in zip(plan.shape.edges, plan.reasons, strict=True) if e.kind == "plan"]
    table = Table(title=f"Dependencies ({len(edges)})", title_justify="left")
    for name in ("First", "Then", "Type", "Why"):
        table.add_column(name)
    for edge, reason in edges[:MAX_ROWS]:
        lag = f" +{edge.lag_seconds / 3600:g}h" if edge.lag_seconds else ""
        table.add_row(
            f"{edge.first + 1} {escape(plan.steps[edge.first].title)}",
            f"{edge.then + 1} {escape(plan.steps[edge.then].title)}",
            edge.type + lag,
            escape(edge_reason(reason)),
        )
    return table


def _dates(simulation: Simulation) -> Table:
    forecast = simulation.schedule
    table = Table(title="Dates, from the moment of the order", title_justify="left")
    for name in ("Optimistic", "Typical", "Pessimistic", "PERT", "To promise (80 %)"):
        table.add_column(name, justify="right")
    values = (forecast.optimistic, forecast.typical, forecast.pessimistic, forecast.expected, forecast.promise)
    table.add_row(*(f"{seconds / 86_400:.1f} d" for seconds in values))
    return table


def _critical_path(simulation: Simulation) -> Text:
    names = [simulation.plan.steps[number].title for number in simulation.schedule.critical_path]
    return Text.assemble(("Critical path  ", "bold"), " > ".join(names))


def _billing(plan: Plan) -> Table:
    titles = {step.key: step.title for step in plan.steps}
    table = Table(title="Billing gates", title_justify="left")
    for name in ("Line", "Charge", "Waits for", "Effective"):
        table.add_column(name)
    for charge in plan.charges[:MAX_ROWS]:
        gates = ", ".join(titles[gate] for gate in charge.gates[:8])
        effective = ", ".join(titles[key] for key in charge.effective_steps[:3]) or charge.rule.effective
        waived = " (waived when skipped)" if charge.rule.waived_when_skipped else ""
        table.add_row(charge.line, f"{charge.rule.type} {charge.rule.amount}{waived}", escape(gates), escape(effective))
    return table


def _reasons(plan: Plan) -> Tree:
    tree = Tree("[bold]Why")
    for number, step in enumerate(plan.steps[:MAX_ROWS]):
        tree.add(f"{number + 1} {escape(step.title)}: [dim]{escape(step_reason(plan, number))}[/]")
    for thing in plan.things[:MAX_ROWS]:
        branch = tree.add(escape(thing.label))
        for reason in thing_reasons(plan, thing):
            branch.add(f"[dim]{escape(reason)}[/]")
    return tree


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"
