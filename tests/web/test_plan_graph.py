import itertools

from hypothesis import given
from hypothesis import strategies as st

from orderloom.web.plan_graph import HEIGHT, WIDTH, GraphEdge, GraphStep, layers_of, place

LANES = ["Us", "Partner", "Customer"]


@st.composite
def plans(draw):
    size = draw(st.integers(1, 25))
    steps = [GraphStep(number, draw(st.sampled_from(LANES)), f"Step {number}") for number in range(size)]
    pairs = draw(st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=60, unique=True))
    return steps, [GraphEdge(first, then) for first, then in pairs if first < then]


@given(plans())
def test_no_two_steps_overlap_and_each_stands_in_its_lane(plan):
    steps, edges = plan
    graph = place(steps, edges, lanes=LANES)

    for one, other in itertools.combinations(graph.steps, 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= HEIGHT
    lanes = {lane.name: lane for lane in graph.lanes}
    for placed in graph.steps:
        lane = lanes[placed.step.lane]
        assert lane.y <= placed.y
        assert placed.y + HEIGHT <= lane.y + lane.height
        assert 0 <= placed.x <= graph.width - WIDTH


@given(plans())
def test_time_runs_left_to_right_and_the_same_plan_gives_the_same_picture(plan):
    steps, edges = plan
    graph = place(steps, edges, lanes=LANES)
    at = {placed.step.number: placed.x for placed in graph.steps}

    assert all(at[edge.first] + WIDTH < at[edge.then] for edge in edges)
    assert len(graph.edges) == len(edges)
    assert graph == place(steps, edges, lanes=LANES)


def test_a_step_stands_behind_its_latest_predecessor():
    edges = [GraphEdge(1, 2), GraphEdge(2, 3), GraphEdge(1, 3), GraphEdge(3, 9)]

    assert layers_of([1, 2, 3], edges) == {1: 0, 2: 1, 3: 2}


def test_an_empty_plan_is_an_empty_picture():
    graph = place([], [], lanes=LANES)

    assert (graph.steps, graph.edges, graph.lanes) == ((), (), ())
