"""The order of graphs against scipy's components and a slow check of each edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neve.corpus.ordering import topology

graphs = st.integers(1, 14).flatmap(
    lambda n: st.tuples(
        st.just(n),
        st.integers(1, n),
        st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=40),
    )
)


@settings(max_examples=150, deadline=None)
@given(graphs)
def test_laws(graph):
    """Every file once; targets first outside circles; circles whole; of what was ready the smallest went first.

    Oracle for circles: scipy's strongly connected components. Packages are the nodes from `files` on.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    nodes, files, pairs = graph
    pairs = [(a, b) for a, b in pairs if a < files or b < files]  # no package imports a package
    sources, targets = np.array(pairs, np.int64).reshape(-1, 2).T
    got = topology.sort(files, nodes, sources, targets)
    assert sorted(got) == list(range(files))
    matrix = coo_matrix((np.ones(len(pairs)), (sources, targets)), shape=(nodes, nodes))
    part = connected_components(matrix, connection="strong")[1]
    at = {node: place for place, node in enumerate(got.tolist())}
    reach = np.linalg.matrix_power(matrix.toarray() + np.eye(nodes), nodes) > 0
    for a in range(files):
        for b in range(files):
            if reach[a, b] and part[a] != part[b]:
                assert at[b] < at[a]
    runs = [part[node] for node in got]
    assert len([1 for i, run in enumerate(runs) if i == 0 or runs[i - 1] != run]) == len(set(runs))
    done: set[int] = set()
    for part_now in dict.fromkeys(runs):
        members = [node for node in range(files) if part[node] == part_now]
        ready = [
            node
            for node in range(files)
            if node not in done
            and all(o in done or part[o] == part[node] for o in range(files) if reach[node, o])
        ]
        assert min(members) == min(ready)
        done.update(members)


def test_a_circle_breaks_only_where_the_walk_stands():
    """0 → 1 → 2 → 0: entered at 0, walked to 2, whose edge back to 0 is the one that breaks."""
    assert topology.sort(3, 3, np.array([0, 1, 2]), np.array([1, 2, 0])).tolist() == [2, 1, 0]


@pytest.mark.parametrize("step", [1, -1])
def test_deep_chains_and_large_circles_take_linear_time(step):
    n = 300_000
    a, b = np.arange(n - 1), np.arange(1, n)
    sources, targets = (a, b) if step == 1 else (b, a)
    assert topology.sort(n, n, sources, targets).tolist() == list(range(n))[::-step]
    whole = topology.sort(n, n, np.append(sources, targets[-1]), np.append(targets, sources[0]))
    assert sorted(whole.tolist()) == list(range(n))
