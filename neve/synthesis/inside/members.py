"""Members that Python's own modules do not have, such as `math.abs`: small models invent them.

Importing a document does not show them in a function that nobody calls. So each `module.name` of the
document is looked up in the module, once it is loaded. What may be there on another system is left alone: in
a `try`, under a condition that asks where it runs, named in a string or for Windows. This file also runs in
the sandbox, as text before `run_document`: standard library alone. The trade-off: only modules that are
imported at the top are looked at, under names that nothing else in the document has, and no private members,
which come and go with Python's versions: with them 4 of 1,200 good files were refused, without them one.
"""

import ast
import pkgutil
import re
import sys
import types

ELSEWHERE = re.compile(
    r"(?i)win|startfile|startupinfo|getch|kbhit|kqueue|kevent|sigbreak|^(?:o|ctrl|startf|sw|create|detached|so|af|ip|tcp|kq)_"
)
"""Members that one system has and another has not."""
ASKING = ("hasattr", "getattr", "platform", "system", "version_info", "version", "name", "PY2", "PY3")


def invented(tree, module):
    """The error of the first member, by lines, that a module of the library does not have; "" without."""
    bound, said = set(), set()
    imported: dict[str, tuple[str | None, str]] = {}
    for node in ast.walk(tree):
        for each in node.names if isinstance(node, (ast.Import, ast.ImportFrom)) else ():
            whole = each.name if each.asname else each.name.partition(".")[0]
            known = imported.setdefault(each.asname or whole, (getattr(node, "module", None), whole))
            bound |= {each.asname or whole} if known != (getattr(node, "module", None), whole) else set()
        if isinstance(node, ast.Constant):
            said.add(node.value if isinstance(node.value, str) else "")
        elif isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
            bound.add(getattr(node, "id", ""))
            said.add(getattr(node, "attr", ""))
        elif not isinstance(node, (ast.Name, ast.alias)):
            bound |= {getattr(node, "arg", ""), getattr(node, "name", "")}
    found = []
    for node in everywhere(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id not in bound
        ):
            owner = vars(module).get(node.value.id)
            if isinstance(owner, types.ModuleType) and node.attr not in said and lacks(owner, node.attr):
                found.append((node.lineno, f"module {owner.__name__!r} has no attribute {node.attr!r}"))
    return "AttributeError: {1} (line {0})".format(*min(found)) if found else ""


def everywhere(tree):
    """The nodes of a document, but for what runs on some systems alone."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.Try):
            todo += [*node.handlers, *node.orelse, *node.finalbody]
        elif not (isinstance(node, (ast.If, ast.IfExp)) and asks(node.test)):
            todo += ast.iter_child_nodes(node)


def asks(test):
    """Whether a condition asks where it runs."""
    return any(getattr(node, "id", getattr(node, "attr", None)) in ASKING for node in ast.walk(test))


def lacks(owner, name):
    root = owner.__name__.partition(".")[0]
    if (
        root not in sys.stdlib_module_names
        or hasattr(owner, name)
        or name[0] == "_"
        or ELSEWHERE.search(name)
    ):
        return False
    return name not in {each.name for each in pkgutil.iter_modules(getattr(owner, "__path__", []))}
