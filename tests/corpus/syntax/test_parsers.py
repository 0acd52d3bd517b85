"""What parses in each language. Oracles: CPython's own verdict, and texts written for what sets a language apart."""

from __future__ import annotations

import random
import sysconfig
from pathlib import Path

import pytest

from neve.corpus.signals import rules
from neve.corpus.syntax import parsers, parsing
from neve.recipe.corpus import LANGUAGES


def shares(texts: list[bytes], **options) -> list[float]:
    return parsing.parse_errors(texts, ["Python"] * len(texts), **options).tolist()


@pytest.mark.parametrize(
    "text",
    [
        'print "a"\n', 'exec "x" in d\n', "try:\n    f()\nexcept A, e:\n    pass\n", 'raise A, "x"\n', "x = `a`\n",
        "if a <> b:\n    pass\n", "x = 0777\n", "x = 10L\n", 'x = ur"a"\n', "def f((a, b)):\n    pass\n",
        "print >>f, 'a' % b, ; print 'b'\n",
    ],
)  # fmt: skip
def test_python_2_stops(text: str) -> None:
    assert shares([b"import os\n" * 20 + text.encode()])[0] > 0


@pytest.mark.parametrize(
    "text",
    [
        "def f[T](x: T) -> T: ...\n", "class A[T: int, *Ts]: ...\n", "type X[T] = list[T]\n", "class A[T: int = str]: ...\n", 'x = f"{\n  1 +\n  y\n}"\n', "lazy import json\n", 'x = f"{f"{y}"}"\n',
        'x = t"{y}"\n', "x = f'{\"\\n\".join(y)}'\n", "match x:\n    case [1, *_]: pass\n", "try: pass\nexcept* A: pass\n",
        "async def f():\n    return [x async for x in y]\n", "\ufeffx = 1\n", "", "# only a comment", "x = 1\r\ny = 2\r\n",
    ],
)  # fmt: skip
def test_python_of_any_3_passes(text: str) -> None:
    """Newer grammar than the host's too (type parameters are 3.12's, t-strings 3.14's)."""
    assert shares([text.encode()]) == [0.0]


@pytest.mark.parametrize(
    "text",
    [b"def f(:\n", b"{% if x %}\n", b"if x:\npass\n", b"if x:\n    a\n      b\n", b"x = 1\0\n", b"\xff\xfe", b"f(a=1, 2)\n",
     b"x: list[int] = `a`\n", b"def f(x: dict[str, int]):\nreturn x\n", b"x = f'{y}' z\n"],
)  # fmt: skip
def test_what_does_not_parse_stops(text: bytes) -> None:
    share = shares([text])[0]
    assert 0 < share <= 1


def test_share_is_of_bytes() -> None:
    """One bad line of ten bytes among a hundred lines of ten bytes."""
    share = shares([b"x = 12345\n" * 99 + b"print 123\n"])[0]
    assert share == pytest.approx(9 / 1000)


GOOD = {
    "C": b'#include <stdio.h>\n#define MAX(a, b) ((a) > (b) ? (a) : (b))\ntypedef struct node { int key; struct node *next; } node;\nstatic int sum(const node *n) {\n    int s = 0;\n    for (; n; n = n->next) s += MAX(n->key, 0);\n    return s;\n}\nint main(void) { printf("%d\\n", sum(NULL)); return 0; }\n',
    "C#": b'using System;\nusing System.Linq;\nnamespace Snow {\n    public class Flake<T> where T : class {\n        public string Name { get; set; } = "a";\n        public int Count(int[] xs) => xs.Where(x => x > 0).Sum();\n        private async Task Go() { await Task.Delay(1); var s = $"{Name}"; }\n    }\n}\n',
    "C++": b"#include <vector>\ntemplate <typename T>\nclass Ring {\n public:\n  explicit Ring(size_t n) : data_(n) {}\n  auto begin() const -> typename std::vector<T>::const_iterator { return data_.begin(); }\n private:\n  std::vector<T> data_;\n};\nint main() {\n  auto f = [&](int x) { return x + 1; };\n  for (const auto& v : Ring<int>(3)) f(v);\n}\n",
    "Dart": b"import 'dart:async';\nclass Flake extends Object {\n  final String name;\n  const Flake(this.name);\n  Future<int> size() async {\n    final xs = [for (var i = 0; i < 3; i++) i];\n    return xs.map((x) => x + 1).length;\n  }\n}\nvoid main() => print(Flake('a').name);\n",
    "Go": b'package main\n\nimport "fmt"\n\ntype Ring[T any] struct{ data []T }\n\nfunc (r *Ring[T]) Len() int { return len(r.data) }\n\nfunc main() {\n\tch := make(chan int, 1)\n\tgo func() { ch <- 1 }()\n\tif v, ok := <-ch; ok {\n\t\tfmt.Println(v, &Ring[int]{})\n\t}\n}\n',
    "Java": b"package snow;\nimport java.util.List;\npublic final class Flake<T extends Comparable<T>> {\n    private final List<T> xs;\n    Flake(List<T> xs) { this.xs = xs; }\n    @Override public String toString() {\n        return xs.stream().map(x -> x + \"\").reduce(\"\", String::concat);\n    }\n    record Point(int x, int y) {}\n}\n",
    "JavaScript": b"import { a } from './a.js';\nexport default class Flake extends a.Base {\n  #n = 1;\n  static async *walk(xs) { for await (const x of xs) yield x?.y ?? `${x}`; }\n  render() { return <div className=\"x\">{this.#n}</div>; }\n}\nconst f = ({ a, ...rest }) => ({ ...rest, re: /[/]x/g.test(a) });\n",
    "Kotlin": b"package snow\n\nimport kotlin.math.max\n\ndata class Flake(val name: String, var size: Int = 0)\n\nsealed interface Shape {\n    object None : Shape\n}\n\nsuspend fun <T : Any> List<T>.second(): T? = if (size > 1) this[1] else null\n\nfun main() {\n    val xs = listOf(1, 2).map { it + 1 }.filter { x -> x > 1 }\n    when (xs.size) {\n        0 -> println(\"none\")\n        else -> println(\"${xs.size}\")\n    }\n}\n",
    "PHP": b"<?php\ndeclare(strict_types=1);\n\nnamespace Snow;\n\nuse InvalidArgumentException;\n\nfinal class Flake implements \\Countable\n{\n    public function __construct(private readonly array $xs = []) {}\n\n    public function count(): int\n    {\n        return array_sum(array_map(fn (int $x): int => $x + 1, $this->xs)) ?? 0;\n    }\n}\n",
    "Python": b"import os\n\n\nclass Flake:\n    def size(self, *xs: int) -> int:\n        return sum(x for x in xs if x) + len(f'{os.sep!r}')\n",
    "Ruby": b"require 'set'\n\nmodule Snow\n  class Flake < Struct.new(:name, :size)\n    attr_reader :xs\n\n    def each(&block)\n      return to_enum(:each) unless block_given?\n      xs.map { |x| x + 1 }.each(&block)\n    rescue StandardError => e\n      puts \"#{e.message}\"\n    end\n  end\nend\n",
    "Rust": b"use std::collections::HashMap;\n\n#[derive(Debug, Clone)]\npub struct Flake<'a, T: Copy> {\n    name: &'a str,\n    xs: Vec<T>,\n}\n\nimpl<'a, T: Copy> Flake<'a, T> {\n    pub fn first(&self) -> Option<T> {\n        match self.xs.as_slice() {\n            [x, ..] => Some(*x),\n            [] => None,\n        }\n    }\n}\n\nfn main() {\n    let m: HashMap<_, _> = (0..3).map(|x| (x, x * 2)).collect();\n    println!(\"{:?}\", m);\n}\n",
    "Scala": b"package snow\n\nimport scala.collection.mutable\n\ncase class Flake[T](name: String, xs: List[T])\n\ntrait Shape { def area: Double }\n\nobject Main extends App {\n  implicit val order: Ordering[Int] = Ordering.Int\n  val ys = for { x <- List(1, 2); if x > 1 } yield x + 1\n  ys match {\n    case Nil => println(\"none\")\n    case x :: _ => println(s\"$x\")\n  }\n}\n",
    "Shell": b"#!/bin/bash\nset -euo pipefail\nmain() {\n  local -a files=(\"$@\")\n  for f in \"${files[@]}\"; do\n    if [[ -f $f && ${f##*.} == txt ]]; then\n      while IFS= read -r line; do echo \"${line:0:3}\"; done < \"$f\"\n    fi\n  done\n}\nmain \"$(pwd)\" | sort > /dev/null\n",
    "Swift": b"import Foundation\n\npublic struct Flake<T: Equatable>: Codable where T: Codable {\n    let name: String\n    var xs: [T] = []\n\n    func first() throws -> T? {\n        guard let x = xs.first else { return nil }\n        return xs.filter { $0 == x }.last\n    }\n}\n\nenum Shape { case none, round(Double) }\n",
    "TypeScript": b"import type { A } from './a';\nexport interface Flake<T extends object = {}> { readonly name: string; xs?: T[] }\nexport abstract class Ring<T> implements Iterable<T> {\n  constructor(private readonly data: T[]) {}\n  *[Symbol.iterator](): Iterator<T> { yield* this.data; }\n}\nenum Shape { None, Round = 2 }\nconst f = <K extends keyof A>(k: K, a: A): A[K] => a[k]!;\n",
}  # fmt: skip
"""A few lines of each language, with what sets it apart."""


def test_every_language_of_the_recipe_has_a_parser() -> None:
    """All but SQL, whose grammar refuses too much that is good; notebooks are scripts in other languages."""
    assert set(LANGUAGES) - {"SQL", "Jupyter Notebook"} == set(parsing.GRAMMARS)
    assert set(GOOD) == set(parsing.GRAMMARS)


def test_each_parser_takes_its_own_language() -> None:
    found = parsing.parse_errors(list(GOOD.values()), list(GOOD))
    assert dict(zip(GOOD, found.tolist(), strict=True)) == dict.fromkeys(GOOD, 0.0)


@pytest.mark.parametrize("language", GOOD)
def test_each_parser_sees_damage(language: str) -> None:
    """A text of another language, a merge conflict, noise: each has errors, and neighbours have none."""
    text = GOOD[language]
    lines = text.splitlines(True)
    other = GOOD["Go" if language != "Go" else "Ruby"]
    conflict = b"".join(
        [*lines[:3], b"<<<<<<< HEAD\n", lines[3], b"=======\n", lines[3], b">>>>>>> 0a1b2c\n", *lines[4:]]
    )
    noise = bytes(random.Random(language).choices(b"(){}[]<>;:,.'\"=+-*/ab01 \n", k=600))
    found = parsing.parse_errors([other, text, conflict, text, noise], [language] * 5)
    assert found[1] == found[3] == 0
    assert (found[[0, 2, 4]] > 0).all() and (found <= 1).all()


def test_the_better_of_two_grammars_counts() -> None:
    """Angle-bracket casts are TypeScript's alone and JSX is TSX's alone; a C header may speak C++ too."""
    texts = [
        b"const a = <string>b;\n",
        b"const a = <div>b</div>;\n",
        b'extern "C" {\nclass A { int x; };\n}\n',
    ]
    assert parsing.parse_errors(texts, ["TypeScript", "TypeScript", "C"]).tolist() == [0, 0, 0]
    declared = b'export default class A extends B<import("../b").Y, undefined> {\n    view(): number;\n}\n'
    assert parsing.parse_errors([declared], ["TypeScript"]).tolist() == [0]


LAGGING = {
    "Swift": b"final class Counter {\n    func run() {\n        nonisolated(unsafe) var count = 0\n        count += 1\n    }\n"
    + b"".join(b"    func f%d() -> Int { return %d }\n" % (i, i) for i in range(30)) + b"}\n",
    "Shell": b"f() {\n  local a=1\n  if [ $a ] && [[ $b = *\"-k c\"* ]]; then echo; fi\n}\n" + b"echo one two\n" * 40,
    "C++": b"#include <a>\n" + b"int f(int a) { return a; }\n" * 40 + b"FLAG(int, size, 8, \"log2(n)\");\nTEST(A, B) {\n  CHECK_THAT(a, b) << c;\n}\n",
}  # fmt: skip
"""Good code with a construct or a macro that a grammar may lack."""


@pytest.mark.parametrize("language", LAGGING)
def test_one_construct_that_the_grammar_lacks_does_not_stop_a_file(language: str) -> None:
    share = parsing.parse_errors([LAGGING[language]], [language])[0]
    assert share <= rules.limit("syntax", language)


@pytest.mark.parametrize("language", GOOD)
def test_a_merge_conflict_stops_a_file_of_any_size(language: str) -> None:
    lines = GOOD[language].splitlines(True)
    conflict = [b"<<<<<<< HEAD\n", lines[1], b"=======\n", lines[2], b">>>>>>> 0a1b2c (theirs)\n"]
    text = b"".join([*lines[:2], *conflict, *lines[2:], *lines * 20])
    assert parsing.parse_errors([text], [language])[0] > rules.limit("syntax", language)


def test_zsh_has_no_grammar_and_passes() -> None:
    texts = [
        b"#!/usr/bin/env zsh\nfor k v in ${(kv)a}; do print -P $k; done\n",
        b"if (( ${+commands[git]} )); then\n  autoload -U x\nfi\n",
    ]
    assert parsing.parse_errors(texts, ["Shell", "Shell"]).tolist() == [0, 0]


def test_share_of_a_tree_is_of_bytes() -> None:
    """Ten bytes that are no Go among a thousand and more."""
    text = b"package a\n" + b"var x = 12\n" * 100
    share = parsing.parse_errors([text + b")))))))))\n"], ["Go"])[0]
    assert share == pytest.approx(9 / len(text + b")))))))))\n"), abs=2 / len(text))


def test_hostile_texts_leave_every_parser_and_neighbour_alone() -> None:
    """Two thousand deep, NULs, no UTF-8, one character without end: some verdict for all, and neighbours are parsed."""
    hostile = [b"(" * 2_000 + b")" * 2_000, b"[" * 2_000, b"{" * 2_000, b"<" * 2_000, b"\0" * 2_000, b"\xff\xfe" * 1_000,
               b'"' * 1_999, b"\\" * 2_000, random.Random(1).randbytes(1_000)]  # fmt: skip
    for language in parsing.GRAMMARS:
        good = GOOD[language]
        found = parsing.parse_errors(
            [part for text in hostile for part in (text, good)], [language] * 2 * len(hostile)
        )
        assert found[1::2].tolist() == [0] * len(hostile)


def test_ruff_and_cpython_agree() -> None:
    """A piece that is worth a run of Ruff has the verdicts of texts asked one by one, which Ruff never sees: on the
    standard library, on the same with a token lost, and where a text breaks Ruff itself (its stack overflows)."""
    rng = random.Random(3)
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:50]
    texts = [text for file in files if len(text := file.read_bytes()) < 90_000]
    cut = rng.choices(range(1000), k=len(texts))
    texts += [text[:at] + text[at + 3 :] for text, at in zip(texts, cut, strict=True)]
    alone = [shares([text])[0] for text in texts]
    assert sum(map(len, texts)) > parsers._RUFF_WORTH_BYTES and 0 < sum(share > 0 for share in alone) < len(
        texts
    )
    assert shares(texts) == alone
    assert shares([b"-" * 100_000 + b"1", *texts])[1:] == alone


def test_ruff_counts_only_where_it_works() -> None:
    """Its word is for what parses as Python 3.11; what it says nothing of, or no run at all, is not accepted."""
    texts = {
        0: b"x = 1\n",
        1: b"x = (\n",
        2: b"# ruff: noqa\nprint 1\n",
        3: b"try: pass\nexcept A, B: pass\n",
        4: b"\xff",
    }
    assert parsers._accepted_by_ruff(texts, "py311") == {0}
    assert parsers._accepted_by_ruff({0: b"x = 1\n", 1: b"-" * 100_000 + b"1"}, "py311") == set()
    assert parsers._accepted_by_ruff({0: b"x = 1\n", 1: b"$" * (1 << 20)}, "py311", 1.0) == set()


def test_one_branch_of_conditionals() -> None:
    """Braces that open in both branches; C++ in a C header; `#if 0`; a macro over lines; what does not match is left."""
    text = b"#ifdef A\nint f(int a) {\n#elif B\nint f(long a) {\n#else\nint f() {\n#endif\n  return 1;\n}\n"
    header = b'#ifdef __cplusplus\nextern "C" {\n#endif\n#if 0\n{\n#else\nint x;\n#endif\n#ifdef __cplusplus\n}\n#endif\n'
    assert parsers.one_branch(text) == b"\nint f(int a) {\n\n\n\n\n\n  return 1;\n}\n"
    assert parsers.one_branch(header).split() == [b"int", b"x;"]
    assert parsers.one_branch(b"#if A \\\n  && B\nx\n#endif\n") == b"\n\nx\n\n"
    assert parsers.one_branch(b"#if A\nx\n") is None and parsers.one_branch(b"x\n#endif\n") is None
    assert parsing.parse_errors([text, header], ["C", "C++"]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "body",
    [
        "    val id = rows.insert { it[name] = 1 } get rows.id\n",
        "    val flag = bits set 3\n    println(flag)\n",
    ],
)
def test_what_the_kotlin_grammar_lacks_is_no_conflict(body: str) -> None:
    """Good Kotlin that the grammar makes one error of stays below the limit; a merge conflict does not."""
    good = f"package a\n\nfun save() {{\n{body}}}\n".encode()
    merged = good.replace(
        b"fun save", b"<<<<<<< ours\nfun one() {}\n=======\nfun two() {}\n>>>>>>> theirs\nfun save"
    )
    assert parsers.error_share(good, "Kotlin") < 0.99 < parsers.error_share(merged, "Kotlin") == 1.0
