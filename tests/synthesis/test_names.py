"""Names that nothing declares. Oracle: by hand, as node and the Go compiler say of such files."""

from __future__ import annotations

import pytest

from neve.synthesis import names

SCRIPT = """\
import d, { x as y, z } from "m";
import * as ns from "n";

export default function main(a, { b, c: e = d, ...r }, [g] = [y]) {
  const { h } = a, k = 3;
  let total = 0;
  for (const each of [h, k, b, e, r, g, z]) total += each;
  try { ns.send({ total, deep: { k } }); } catch ({ message }) { console.error(message); }
  outer: for (let i = 0; i < 3; i++) { if (i) continue outer; }
  return new A(total);
}

class A extends Array { m(p) { this.p = p; return async v => v + p; } }
let late = function inner(n) { return n ? inner(n - 1) : gen; };
function* gen() { yield* late(new.target, arguments); }
if (typeof process2 !== "undefined") process2.exit();
window.tag = <div className={late}><A.B title="x" /></div>;
export { late as other };
export { elsewhere } from "./o.js";
implicit = 1;
console.log(implicit);
"""
TYPED = """\
import type { Q } from "q";
import fs = require("fs");
enum Color { Red, Green = Red2 }
const Red2 = 2;
namespace N { export const a: NodeJS.Timeout = fs as any; }
abstract class C<T> extends Map<string, T> { constructor(private x: number, y?: Q) { super(); this.x = y ? Color.Red : N.a; } }
type F = (cb: (e: Error) => void) => asserts e is Error;
interface I { [key: string]: any; m(b: number): void }
function g<T extends keyof typeof C>(this: Window, a: T, ...r: unknown[]): a is string { return r.length > 0 && !!a; }
const h = ({ s }: { s: F }, [t]: [first: I, second?: number], u = g) => [s, t, u];
declare const D: number;
export default h(D as never, {} as Missing);
"""
GO = """\
package main

import (
\t"fmt"
\tr "math/rand/v2"
\t"github.com/a/go-yaml"
)

type P[T any] struct{ X, Y T }

const a, b = iota, 1

func (p *P[T]) Move(dx T, more ...int) (n int, err error) {
\tq := P[T]{X: dx, Y: p.Y}
\tfor i, v := range more {
\t\tn += v * i
\t}
\tswitch t := any(q).(type) {
\tcase fmt.Stringer:
\t\tfmt.Println(t)
\t}
\tselect {
\tcase m, ok := <-c:
\t\t_, _ = m, ok
\tdefault:
\t}
L:
\tfor {
\t\tbreak L
\t}
\tf := func(x int) int { return x + r.IntN(a+b) }
\tyaml.Marshal(map[string]int{key: f(1)})
\treturn
}

var c = make(chan int)
var key = "k"
"""


@pytest.mark.parametrize(("text", "language"), [(SCRIPT, "JavaScript"), (TYPED, "TypeScript"), (GO, "Go")])
def test_whatever_declares_a_name_is_seen(text: str, language: str) -> None:
    assert names.wrong(text, language) == {}


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("function min(o) {\n  return arrMin(values(o));\n}\nmodule.exports = min;\n", "JavaScript",
         {"arrMin": "arrMin is not declared (line 2)", "values": "values is not declared (line 2)"}),
        ("const g = () => ({ lost });\nexport { f };\n", "JavaScript",
         {"lost": "lost is not declared (line 1)", "f": "f is not declared (line 2)"}),
        ("const size = 31;\nlet n = 0;\nfunction f() { size--; n--; }\n", "JavaScript",
         {"size": "size is a constant and is assigned to (line 3)"}),
        ("const n = 1;\nfunction f(n) { n += 1; return n; }\n", "JavaScript", {}),
        ("const v = <Page><p>a</p></Page>;\n", "JavaScript", {"Page": "Page is not declared (line 1)"}),
        ("export const f = (x: string): Foo => parse(x);\n", "TypeScript", {"parse": "parse is not declared (line 1)"}),
        ('package main\n\nimport "os"\n\nfunc main() {\n\ts := bufio.NewScanner(nil)\n\tvar t bytes.Buffer\n\tprintln(t)\n}\n', "Go",
         {"os": "os is not used (line 3)", "s": "s is not used (line 6)", "bufio": "bufio is not declared (line 6)",
          "bytes": "bytes is not declared (line 7)"}),
        ("package main\n\nfunc main() {\n\tfor i, v := range argv {\n\t\tprintln(v)\n\t}\n}\n", "Go",
         {"argv": "argv is not declared (line 4)", "i": "i is not used (line 4)"}),
        ('package a\n\nimport . "fmt"\n\nfunc F() { Println(1) }\n', "Go", {}),
        ("package a\n\nvar unused = 1\n\nfunc F(x int) {}\n", "Go", {}),
        ("def f():\n    return missing\n", "Python", {}),
    ],
)  # fmt: skip
def test_what_nothing_declares_is_told_with_its_line(text: str, language: str, found: dict[str, str]) -> None:
    assert names.wrong(text, language) == found


def test_a_very_long_text_is_left_alone() -> None:
    assert names.wrong("missing();\n" * 30_000, "JavaScript") == {}


def test_variables_of_go_that_nobody_reads() -> None:
    head = "package main\n\nvar top = 1\n\nfunc f() int {\n\t"
    for line, name in (
        ("var u, v int = 1, 2\n\treturn u", "v"),
        ("var u int\n\tu++\n\treturn u", ""),
        ("var (\n\t\tu = 1\n\t\tw string\n\t)\n\treturn u", "w"),
        ("g := func() int {\n\t\tvar z int\n\t\treturn 1\n\t}\n\treturn g()", "z"),
    ):
        assert list(names.wrong(f"{head}{line}\n}}\n", "Go")) == ([name] if name else [])
