"""Names that nothing declares, in JavaScript, TypeScript and Go: what ruff tells of Python.

Running or compiling does not show them: JavaScript looks a name up when its line runs, which in a function
that nobody calls is never, and Go's compiler is often not here. So a program's tree is read. A name counts
as declared wherever in the file it is: a small model that forgets an import or a helper declares it nowhere,
and nothing good is refused for a scope that was misread. Of Go, imports and local variables that nothing
uses are told too, which its compiler refuses; of JavaScript, constants that are assigned to. The trade-off:
a name that another function declares passes, and TypeScript's types are not looked at.

Source: ESLint's `no-undef` and `no-const-assign`; the Go compiler's "undefined", "declared and not used"
and "imported and not used".
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from neve.corpus.syntax.parsing import GRAMMARS

TEXT_BYTES = 1 << 18
"""A longer text is not read."""
_ECMASCRIPT = """
AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set
SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array
Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly arguments decodeURI decodeURIComponent encodeURI encodeURIComponent escape
eval globalThis isFinite isNaN parseFloat parseInt undefined unescape
"""
_NODE = "Buffer __dirname __filename exports global module process require"
_WEB = """
AbortController AbortSignal Animation Audio AudioContext Blob BroadcastChannel CSS CSSStyleSheet ClipboardItem CloseEvent Comment CompressionStream Crypto CryptoKey
CustomEvent DOMException DOMMatrix DOMParser DOMPoint DOMRect DecompressionStream Document DocumentFragment DragEvent Element Event EventSource EventTarget File
FileList FileReader FocusEvent FontFace FormData HTMLAnchorElement HTMLButtonElement HTMLCanvasElement HTMLDivElement HTMLElement
HTMLFormElement HTMLImageElement HTMLInputElement HTMLSelectElement HTMLTextAreaElement HTMLVideoElement Headers History IDBKeyRange Image ImageBitmap ImageData
InputEvent IntersectionObserver KeyboardEvent KeyframeEffect Location MediaRecorder MediaStream MessageChannel MessageEvent MessagePort MouseEvent MutationObserver
Navigator Node NodeFilter NodeList Notification OffscreenCanvas Option Path2D Performance PerformanceObserver PointerEvent ProgressEvent PromiseRejectionEvent RTCPeerConnection Range
ReadableStream Request ResizeObserver Response SVGElement Selection ShadowRoot SharedWorker SpeechSynthesisUtterance Storage StorageEvent
StyleSheet SubtleCrypto Text TextDecoder TextDecoderStream TextEncoder TextEncoderStream Touch TouchEvent TransformStream UIEvent URL URLSearchParams WebSocket WheelEvent
Window Worker WritableStream XMLHttpRequest XMLSerializer XPathResult addEventListener alert atob blur btoa caches cancelAnimationFrame
cancelIdleCallback clearImmediate clearInterval clearTimeout close closed confirm console createImageBitmap crypto customElements devicePixelRatio dispatchEvent
document event fetch focus frames getComputedStyle getSelection history importScripts indexedDB innerHeight innerWidth length localStorage
location matchMedia name navigator onmessage onload open opener origin outerHeight outerWidth pageXOffset pageYOffset parent performance postMessage print
prompt queueMicrotask removeEventListener reportError requestAnimationFrame requestIdleCallback screen scroll scrollBy scrollTo scrollX scrollY
self sessionStorage setImmediate setInterval setTimeout speechSynthesis status stop structuredClone top window
"""
_AROUND = """
$ jQuery define requirejs afterAll afterEach after assert beforeAll beforeEach before chai cy describe expect it
jasmine jest QUnit suite test vi Bun Deno
"""
"""What a page, a test runner or another engine brings along; what needs it at once fails when it is run."""
_GO = """
any append bool byte cap clear close comparable complex complex128 complex64 copy delete error false float32 float64 imag int
int16 int32 int64 int8 iota len make max min new nil panic print println real recover rune string true uint uint16 uint32
uint64 uint8 uintptr init main
"""
_SCRIPT = frozenset(f"{_ECMASCRIPT} {_NODE} {_WEB} {_AROUND}".split())
KNOWN = {"JavaScript": _SCRIPT, "TypeScript": _SCRIPT, "TSX": _SCRIPT, "Go": frozenset(_GO.split())}
"""Linguist name -> what is there without being declared."""

_LIST = 3
"""Nodes above a name that say whether it is declared there."""
_NAMES = (
    "identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern", "type_identifier",
    "package_identifier",
)  # fmt: skip
_FIELDS = ("name", "alias", "pattern", "parameter")
"""Fields of a node that hold what it declares."""
_AMONG = (
    "formal_parameters", "import_clause", "namespace_import", "import_require_clause", "rest_pattern", "array_pattern",
    "object_pattern",
)  # fmt: skip
"""Nodes whose children are declared, whatever field they stand in."""
_LEFT = ("assignment_pattern", "object_assignment_pattern", "for_in_statement")
_LISTS = ("short_var_declaration", "range_clause", "receive_statement", "type_switch_statement")
"""Go's, which declare a list on their left."""
_ASIDE = ("package_clause", "import_spec", "nested_identifier", "nested_type_identifier")
_FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")
"""Go's."""
_ASSIGN = ("assignment_expression", "augmented_assignment_expression", "update_expression")


@dataclass
class Read:
    """The names of a program, with the line where each stands first."""

    counts: Counter[str] = field(default_factory=Counter)
    declared: Counter[str] = field(default_factory=Counter)
    used: dict[str, int] = field(default_factory=dict)
    assigned: dict[str, int] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    needed: dict[str, int] = field(default_factory=dict)
    """Go's imports and variables of functions, which have to be used."""
    open: bool = False
    """Whether names may come from elsewhere without being named."""


def wrong(program: str, language: str) -> dict[str, str]:
    """{name: what is wrong with it}, by lines; of a program that parses.

    >>> wrong("const a = 1;\\nfunction f() { return a + b; }\\n", "JavaScript")
    {'b': 'b is not declared (line 2)'}
    """
    text = program.encode("utf-8", "replace")
    if language not in KNOWN or len(text) > TEXT_BYTES:
        return {}
    read = _read(parser(GRAMMARS[language][0]).parse(text).root_node)
    there = {*read.declared, *read.assigned, *KNOWN[language]}
    found = [
        (line, name, "is not declared")
        for name, line in read.used.items()
        if name not in there and not read.open
    ]
    found += [(line, name, "is not used") for name, line in read.needed.items() if read.counts[name] == 1]
    found += [
        (line, name, "is a constant and is assigned to")
        for name, line in read.assigned.items()
        if name in read.constants and read.declared[name] == 1
    ]
    return {name: f"{name} {why} (line {line})" for line, name, why in sorted(found)}


@cache
def parser(grammar: str) -> Any:
    from tree_sitter import Language, Parser

    module, _, function = grammar.partition(":")
    return Parser(Language(getattr(importlib.import_module(module), function)()))


def _read(root: Any) -> Read:
    read = Read()
    todo: list[tuple[Any, str, list[Any], bool]] = [(root, "", [], False)]
    while todo:
        node, place, above, within = todo.pop()
        if node.type == "import_spec":
            _go_import(node, read)
        elif node.type in _NAMES:
            _name(node, place, above, within, read)
        elif node.type == "with_statement":
            read.open = True
        around, inside = [node, *above[: _LIST - 1]], within or node.type in _FUNCTIONS
        todo += [(child, field, around, inside) for child, field in reversed(list(_parts(node)))]
    return read


def _parts(node: Any) -> Iterator[tuple[Any, str]]:
    """The named children of a node, each with its field; `field_name_for_child` would count up to each."""
    cursor = node.walk()
    more = cursor.goto_first_child()
    while more:
        if cursor.node.is_named:
            yield cursor.node, cursor.field_name or ""
        more = cursor.goto_next_sibling()


def _name(node: Any, place: str, above: list[Any], within: bool, read: Read) -> None:
    """Count one name, which is its parent's `place`; `within` says whether it stands in a function of Go."""
    text, line, parent = node.text.decode("utf-8", "replace"), node.start_point[0] + 1, above[0]
    if text == "_" or parent.type in _ASIDE:
        return
    read.counts[text] += 1
    if parent.type == "export_specifier":
        if place == "name" and above[2].child_by_field_name("source") is None:
            read.used.setdefault(text, line)
    elif parent.type == "qualified_type":
        if place == "package":
            read.used.setdefault(text, line)
    elif parent.type.startswith("jsx_"):
        if text[0].isupper():
            read.used.setdefault(text, line)
    elif _declares(node, place, above):
        read.declared[text] += 1
        variable = parent.type == "var_spec" and within
        if variable or above[1].type in ("short_var_declaration", "range_clause"):
            read.needed.setdefault(text, line)
        if parent.type == "variable_declarator" and above[1].children[0].type == "const":
            read.constants.add(text)
    elif parent.type in _ASSIGN and place in ("left", "argument"):
        read.assigned.setdefault(text, line)
    elif parent.type == "unary_expression" and parent.children[0].type == "typeof":
        read.declared[text] += 1  # asked before it is used
    elif node.type != "type_identifier" and not _key(parent, above):
        read.used.setdefault(text, line)


def _declares(node: Any, place: str, above: list[Any]) -> bool:
    parent = above[0]
    if node.type == "shorthand_property_identifier_pattern" or place in _FIELDS or parent.type in _AMONG:
        return True
    if parent.type == "expression_list" and above[1].type in _LISTS:
        return parent not in (above[1].child_by_field_name("right"), above[1].child_by_field_name("value"))
    if parent.type == "pair_pattern":
        return place == "value"
    return parent.type in _LEFT and place == "left"


def _key(parent: Any, above: list[Any]) -> bool:
    """Whether a name is a key of a literal of Go: a field's name, mostly."""
    return (
        parent.type == "literal_element"
        and above[1].type == "keyed_element"
        and above[1].child_by_field_name("key") == parent
    )


def _go_import(node: Any, read: Read) -> None:
    """An import of Go declares the last part of its path, or what it is called; packages outside of the
    library may have another name."""
    name, line = node.child_by_field_name("name"), node.start_point[0] + 1
    path = node.child_by_field_name("path").text.decode("utf-8", "replace").strip('"`')
    parts = [part for part in path.split("/") if not re.fullmatch(r"v\d+", part)] or [path]
    if name is not None and name.type != "package_identifier":
        read.open |= name.type == "dot"
        return
    last = name.text.decode("utf-8", "replace") if name is not None else parts[-1]
    read.declared.update([last, *re.findall(r"\w+", parts[-1])])
    if name is not None or "." not in parts[0]:
        read.needed.setdefault(last, line)
        read.counts[last] += 1
