"""What the tests of a Python document are worth, read from its code: assertions, branches, places to mutate.

An assertion counts where it stands in a test's own code or in a helper's, not where the code under test
makes it. A helper is what only asserts: it returns nothing, and leaves nothing changed. What is mutated
is the code that is tested, on lines that the tests reached: comparisons, arithmetic, boolean operators,
whole numbers, returned values. This file also runs in the sandbox, as text before `run_document`:
standard library alone. The trade-off: code is read, not understood, so a helper that builds what it
asserts on, or asserts through a table of functions, counts for nothing, unless its name begins with
"assert".

Source: DeMillo, Lipton and Sayward, "Hints on test data selection" (1978).
"""

import ast
import builtins
import doctest

GUARD = "__main__"
DOCUMENT = "document"
"""Name of the module that is tested, or that tests another."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SELF = ("self", "cls")
OPERATORS: dict = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add,
    ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Add, ast.Pow: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip


def assertions(tree, apart=False):
    """{name of test: how many of its assertions say something about a value}; `apart`: what is tested is
    another module, so all functions here are the tests'."""
    known = {
        node.name: node for node in tree.body if isinstance(node, FUNCTIONS) and (apart or only_asserts(node))
    }
    classes = test_classes(tree)
    ours = {id(each) for node in classes.values() for each in ast.walk(node)}
    theirs = {n.name for n in ast.walk(tree) if isinstance(n, FUNCTIONS) and id(n) not in ours} - set(known)
    found = {}
    for node in tree.body:
        if isinstance(node, FUNCTIONS) and node.name.startswith("test"):
            inner = {each.name: each for each in ast.walk(node) if isinstance(each, FUNCTIONS)}
            found[node.name] = count(node, known, theirs - set(inner), {node.name})
    for name, node in classes.items():
        own = methods(node, classes)
        every = {**known, **{f"{word}.{method}": inner for method, inner in own.items() for word in SELF}}
        for method, inner in own.items():
            found[f"{name}.{method}"] = count(inner, every, theirs, {f"{word}.{method}" for word in SELF})
    return found | documented_examples(tree)


def count(node, known, theirs, seen):
    """Telling assertions in the code of a test and of the helpers `known` that it calls; what is called by a
    name of `theirs`, the code under test, counts for nothing."""
    total = 0
    for child in ast.walk(node):
        if isinstance(child, ast.Assert):
            total += telling(child.test)
        elif isinstance(child, ast.Raise):
            total += "AssertionError" in ast.dump(child)
        elif isinstance(child, ast.Call):
            name = called(child)
            if name in known:
                if name not in seen and (any(map(telling, given(child))) or depends(known[name])):
                    total += count(known[name], known, theirs, seen | {name})
            elif name.rpartition(".")[2] not in theirs:
                total += asserts(name, given(child))
    return total


def asserts(name, values):
    """Whether a call is a test library's assertion that says something: `unittest`, `pytest`, numpy."""
    owner, _, last = name.rpartition(".")
    if last in ("raises", "assertRaises") and values and any_error(values[0]):
        return last == "raises" and len(values) == 2  # with a message; else a misspelt call does, too
    if last in ("raises", "warns") or (last == "fail" and owner in ("pytest", *SELF)):
        return True
    if not last.startswith("assert"):
        return False
    alike = len(values) > 1 and ast.dump(values[0]) == ast.dump(values[1])
    return (any(map(telling, values)) or not values) and not alike


def any_error(caught):
    return isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException")


def given(call):
    return [*call.args, *(word.value for word in call.keywords)]


def only_asserts(function):
    """Whether a function is a test's helper: it asserts, returns nothing, and changes nothing but its own
    names."""
    if function.name.lstrip("_").startswith("assert"):
        return True
    found = False
    for node in ast.walk(ast.Module(function.body, [])):
        found |= isinstance(node, (ast.Assert, ast.Raise)) and "Assert" in ast.dump(node)
        if isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom)):
            changes = getattr(node.value, "value", node.value) is not None
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            last = called(node.value).rpartition(".")[2]
            found |= last.startswith("assert")
            changes = last != "print" and not last.startswith("assert")
        else:
            stored = isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load)
            changes = stored or isinstance(node, (ast.Global, ast.Nonlocal, ast.Delete))
        if changes:
            return False
    return found


def depends(function):
    """Whether a helper calls anything but Python's own functions, so that it says something whatever it is
    given."""
    calls = [called(node) for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(
        not hasattr(builtins, name) and not name.rpartition(".")[2].startswith("assert") for name in calls
    )


def test_classes(tree):
    """{name: class} of the classes at the top that hold tests: by name, or by a base that does."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            bases = [
                base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in node.bases
            ]
            if node.name.startswith("Test") or any("TestCase" in base or base in found for base in bases):
                found[node.name] = node
    return found


def methods(node, classes):
    """{name: method} of a test class and of its bases here."""
    found: dict = {}
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes and base.id != node.name:
            found |= methods(classes[base.id], classes)
    return found | {each.name: each for each in node.body if isinstance(each, FUNCTIONS)}


def documented_examples(tree):
    """{name of doctest: how many of its examples expect output, or assert}."""
    found = {}
    todo = [(DOCUMENT, tree)]
    while todo:
        name, node = todo.pop(0)
        try:
            examples = doctest.DocTestParser().get_examples(ast.get_docstring(node, clean=False) or "")
            found[f">>> {name}"] = sum(
                bool(each.want) or count(ast.parse(each.source), {}, (), ()) > 0
                for each in examples
                if not each.options.get(doctest.SKIP)  # shown, and not run
            )
        except (SyntaxError, ValueError):
            pass
        if not isinstance(node, FUNCTIONS):
            todo += [
                (f"{name}.{each.name}", each)
                for each in node.body
                if isinstance(each, (*FUNCTIONS, ast.ClassDef))
            ]
    return found


def loose(tree):
    """Telling assertions outside of functions and classes, as a program's own check makes them."""
    todo, total = list(tree.body), 0
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Assert):
            total += telling(node.test)
        elif not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            todo += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
    return total


def telling(test):
    """Whether a condition depends on anything: no constant, and no value compared with itself."""
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        return telling(test.left) | telling(test.comparators[0]) and ast.dump(test.left) != ast.dump(
            test.comparators[0]
        )
    return any(isinstance(node, (ast.Name, ast.Call, ast.Attribute)) for node in ast.walk(test))


def called(call):
    """What a call calls: "f", "self.f", and ".f" of anything but a name."""
    if isinstance(call.func, ast.Attribute):
        return f"{getattr(call.func.value, 'id', '')}.{call.func.attr}"
    return getattr(call.func, "id", "")


def parts(tree):
    """The nodes of the code that is tested: not tests and their helpers, docstrings, annotations, nor what
    only a program runs."""
    classes = test_classes(tree)
    todo, found = list(tree.body), []
    while todo:
        node = todo.pop()
        if isinstance(node, FUNCTIONS) and (node.name.startswith("test") or only_asserts(node)):
            continue
        if isinstance(node, ast.ClassDef) and classes.get(node.name) is node:
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
