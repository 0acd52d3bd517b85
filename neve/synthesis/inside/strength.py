"""What the tests of a Python document are worth, read from its code: assertions, branches, places to mutate.

What is mutated is the code that is tested, on lines that the tests reached: comparisons, arithmetic, boolean
operators, whole numbers, returned values. This file also runs in the sandbox, as text before
`run_document`: standard library alone. The trade-off: code is read, not understood, so a helper that asserts
through a table of functions counts as no assertion.

Source: DeMillo, Lipton and Sayward, "Hints on test data selection" (1978).
"""

import ast

GUARD = "__main__"
OPERATORS: dict = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Add, ast.Pow: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def assertions(tree):
    """{name of test: how many of its assertions say something about a value}."""
    functions = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions[node.name] = node

    def count(node, seen):
        total = 0
        for child in ast.walk(node):
            if isinstance(child, ast.Assert):
                total += telling(child.test)
            elif isinstance(child, ast.Raise) and "AssertionError" in ast.dump(child):
                total += 1
            elif isinstance(child, ast.Call):
                name = called(child)
                if name.lower().startswith(("assert", "fail")) or name == "raises":
                    total += any(map(telling, child.args)) or not child.args
                elif name in functions and name not in seen:
                    total += count(functions[name], seen | {name})
        return total

    found = {}
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            found[node.name] = count(node, {node.name})
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    found[f"{node.name}.{inner.name}"] = count(inner, {inner.name})
    return found


def telling(test):
    """Whether a condition depends on anything: no constant, and no value compared with itself."""
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        return telling(test.left) | telling(test.comparators[0]) and ast.dump(test.left) != ast.dump(
            test.comparators[0]
        )
    return any(isinstance(node, (ast.Name, ast.Call, ast.Attribute)) for node in ast.walk(test))


def called(call):
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def parts(tree):
    """The nodes of the code that is tested: not tests, docstrings, annotations, nor what only a program
    runs."""
    todo, found = list(tree.body), []
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            continue
        if isinstance(node, ast.ClassDef) and (
            node.name.startswith("Test") or "TestCase" in ast.dump(ast.Tuple(node.bases, ast.Load()))
        ):
            continue
        if isinstance(node, (ast.Assert, ast.Import, ast.ImportFrom)) or (
            isinstance(node, ast.If) and GUARD in ast.dump(node.test)
        ):
            continue
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        found.append(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            todo += [
                each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
            ]
    return sorted(
        found,
        key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0), type(node).__name__),
    )


def reached(nodes, lines):
    """(branches whose first line ran, branches)."""
    firsts = []
    for node in nodes:
        if isinstance(
            node, (ast.If, ast.For, ast.While, ast.Try, ast.Match, ast.ExceptHandler, ast.match_case)
        ):
            for name in ("body", "orelse", "finalbody"):
                suite = getattr(node, name, None)
                if isinstance(suite, list) and suite:
                    firsts.append(suite[0].lineno)
    return sum(line in lines for line in firsts), len(firsts)


def sites(nodes, lines):
    """Nodes that can be changed, on lines that ran."""
    return [node for node in nodes if getattr(node, "lineno", 0) in lines and changeable(node)]


def changeable(node):
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in OPERATORS
    if isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
        return type(node.op) in OPERATORS
    if isinstance(node, ast.Return):
        return node.value is not None and not (
            isinstance(node.value, ast.Constant) and node.value.value is None
        )
    return isinstance(node, ast.Constant) and type(node.value) in (int, bool)


def change(node):
    assert changeable(node)
    if isinstance(node, ast.Compare):
        node.ops[0] = OPERATORS[type(node.ops[0])]()
    elif isinstance(node, (ast.BinOp, ast.BoolOp, ast.AugAssign)):
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.Return):
        node.value = ast.copy_location(ast.Constant(None), node)
    else:
        node.value = not node.value if isinstance(node.value, bool) else node.value + 1
