"""Extensions that several languages share. Oracles: Linguist's owners and labelled samples, and small files whose language
a person can tell."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from neve.corpus.languages import detection
from neve.corpus.languages.ambiguous import NAMES, SIGNS
from neve.recipe.corpus import LANGUAGES


def detect(*files: tuple[str, bytes]) -> list[str | None]:
    paths = pa.array([path for path, _ in files], pa.string())
    return detection.detect(paths, pa.array([text for _, text in files], pa.large_binary())).to_pylist()


SNIPPETS = [
    # C and its kin
    ("h", b"#define N 3\nstruct point { int x; };\nint f(struct point *p);\n", "C"), ("h", b"/* a virtual address\n virtual memory */\nint f(void);\n", "C"),
    ("h", b"class Foo : public Bar {\npublic:\n  Foo();\n};\n", "C++"), ("h", b"template <typename T> T max(T a, T b);\n", "C++"), ("h", b"struct A { virtual void f(); };\n  virtual void g() = 0;\n", "C++"),
    ("h", b"inline int g() { return static_cast<int>(2.0); }\n", "C++"), ("h", b"#import <UIKit/UIKit.h>\n@class Foo;\n", "Objective-C"), ("h", b"/*\n   =DISTR  a doc comment\n   @end table\n*/\nint f(int);\n", "C"),
    ("hh", b"<?hh\nclass A {}\n", "Hack"), ("hh", b"namespace a { int f(); }\n", "C++"), ("m", b"#import \"A.h\"\nint main(void) { return 0; }\n", "Objective-C"),
    ("m", b"classdef A < handle\nend\n", "MATLAB"), ("m", b"x = linspace(0, 1);\nplot(x)\n", "MATLAB"), ("m", b"BeginPackage[\"A`\"]\nf[x_] := x^2 (* square *)\n", "Wolfram Language"),
    ("m", b"start ; sums\n set x=1\n quit\n", "M"), ("m", b"Lock: module\n{\n\tinit: fn();\n};\n", "Limbo"), ("m", b": hello \"world\" me @ swap notify ;\n", "MUF"),
    ("mm", b"#import <vector>\n@implementation A\n@end\n", "Objective-C++"), ("mm", b"<map version=\"0.9\">\n</map>\n", "XML"), ("re", b"/*!re2c\n [0-9]+ { return 1; }\n*/\n", "C++"), ("re", b"let add = (a, b) => a + b;\n", "Reason"),
    ("cp", b"MODULE Test;\nEND Test.\n", "Component Pascal"), ("cp", b"#include <iostream>\nint main() {}\n", "C++"), ("cs", b"!Foo methodsFor: 'x'!\nbar ^1! !\n", "Smalltalk"), ("cs", b"using System;\nclass A { int B => 1; }\n", "C#"),
    ("cl", b"(defun f (x) x)\n", "Common Lisp"), ("cl", b"__kernel void f(__global float *x) { }\n", "OpenCL"), ("cl", b"class Main inherits IO {\n};\n", "Cool"), ("rs", b"fn main() {}\n", "Rust"), ("rs", b"#pragma version(1)\n#pragma rs java_package_name(a)\n", "RenderScript"),
    ("d", b"module a;\nimport std.stdio;\nvoid main() {}\n", "D"), ("d", b"main.o: main.c \\\n  main.h\n", "Makefile"), ("d", b"#!/usr/sbin/dtrace -s\nBEGIN { exit(0); }\n", "DTrace"), ("d", b"syscall::open:entry\n{ trace(pid); }\n", "DTrace"),
    ("h", b"#pragma once\nint f(int& x);\n", "C++"), ("h", b"struct A { A(); ~A(); };\n", "C++"), ("h", b"enum class E : int { A };\n", "C++"), ("h", b"inline bool g();\nauto h() -> int;\n", "C++"), ("h", b"struct A { void f() const override; };\n", "C++"),
    ("h", b"#define F(x) ((x)&MASK)\nstatic inline int g(int a) { return a & ~f(); }\nint h(const int *a);\n", "C"), ("d", b"/build/a/foo: src/main.rs src/lib.rs\n", "Makefile"), ("d", b"C:\\x\\a.o: C:\\x\\a.c\n", "Makefile"), ("d", b"// a.b: c\nmodule a.b;\n", "D"),
    ("fs", b"module A\nlet f x = x + 1\n", "F#"), ("fs", b"#version 330\nuniform vec4 c;\n", "GLSL"), ("fs", b": square dup * ;\n", "Forth"), ("fx", b"float4x4 world : WORLD;\ntechnique T {}\n", "HLSL"), ("fx", b"typedef a IsA;\nRead () => (int s);\n", "FLUX"),
    ("swg", b"%module a\n", "SWIG"), ("i", b"/* -*- C -*- */\n%module a\n%{\n%}\n", "SWIG"), ("gs", b"uses java.util.*\nclass A {}\n", "Gosu"), ("gs", b"function doGet(e) { return 1; }\n", "JavaScript"), ("gs", b"[indent=4]\ninit\n    print(\"a\")\n", "Genie"),
    ("frag", b"void main() { gl_FragColor = vec4(1.0); }\n", "GLSL"), ("frag", b"(function(window) {\n", "JavaScript"), ("shader", b"Shader \"A/B\" {\n}\n", "ShaderLab"), ("uc", b"class A extends Actor;\n", "UnrealScript"), ("uc", b"import { open } from 'fs';\nlet x = 1;\n", "ucode"),
    ("v", b"module top(input clk);\nalways @(posedge clk) x <= 1;\nendmodule\n", "Verilog"), ("v", b"Require Import List.\nLemma a : True.\nProof. trivial. Qed.\n", "Rocq Prover"), ("v", b"module main\n\nimport os\n\nfn main() {\n\tprintln('a')\n}\n", "V"),
    # scripts
    ("pl", b"#!/usr/bin/perl\nprint \"a\";\n", "Perl"), ("pl", b":- module(a, [b/1]).\nb(1).\n", "Prolog"), ("pl", b"use v6;\nsay 'a';\n", "Raku"), ("pl", b"sub f {\n  my ($x) = @_;\n}\n", "Perl"), ("pl", b"parent(a, b).\nanc(X, Y) :- parent(X, Y).\n", "Prolog"),
    ("pm", b"package A::B;\nuse strict;\n1;\n", "Perl"), ("pm", b"/* XPM */\nstatic char *a[] = {\n", "X PixMap"), ("pm", b"unit class A;\nhas $.b;\n", "Raku"), ("t", b"use Test::More tests => 1;\nok(1);\n", "Perl"), ("t", b"use v6;\nuse Test;\nplan 1;\n", "Raku"), ("t", b"var x : int := 1\nput \"a\"\n", "Turing"),
    ("t", b"terra f(x : int) return x end\n", "Terra"), ("al", b"codeunit 50100 Foo\n{\n}\n", "AL"), ("al", b"# NOTE: Derived from A.pm\nsub f {\n}\n", "Perl"), ("pod", b"=head1 NAME\n\na - b\n", "Pod"), ("pod", b"=begin pod\n=end pod\n", "Pod 6"), ("r", b"# fit\nm <- lm(y ~ x)\n", "R"), ("r", b"resource 'STR ' (128) { \"a\" };\n", "Rez"),
    ("php", b"<?php\necho 1;\n", "PHP"), ("php", b"<?hh // strict\n", "Hack"), ("ts", b"import { a } from './a';\nconst b: number = a;\n", "TypeScript"), ("ts", b"<?xml version='1.0'?>\n<TS language='fr'/>", "XML"), ("tsx", b"export const A = () => <p>a</p>;\n", "TSX"), ("gts", b"G04 top*\n%FSLAX46Y46*%\n", "Gerber Image"), ("gts", b"import C from '@glimmer/component';\n", "Glimmer TS"),
    ("es", b"export default 1;\n", "JavaScript"), ("es", b"#!/usr/bin/env escript\nmain(_) -> ok.\n", "Erlang"), ("ls", b"f = (x) -> x + 1\n", "LiveScript"), ("ls", b"package\n{\n  public class A {}\n}\n", "LoomScript"), ("as", b"package a {\n  public class B {}\n}\n", "ActionScript"), ("as", b"class A {\n  void f(B@ b) {}\n}\n", "AngelScript"),
    ("cgi", b"use CGI;\nuse strict;\nprint 1;\n", "Perl"), ("cgi", b"#!/bin/sh\necho a\n", "Shell"), ("cgi", b"import cgi\nprint(1)\n", "Python"), ("spec", b"Name: a\nVersion: 1\n%description\n", "RPM Spec"), ("spec", b"require 'spec_helper'\ndescribe A do\nend\n", "Ruby"), ("spec", b"# -*- mode: python -*-\na = Analysis(['x.py'])\n", "Python"),
    ("rpy", b"label start:\n    \"Hello\"\n", "Ren'Py"), ("rpy", b"import os\n\ndef f():\n    return os.name\n", "Python"), ("sls", b"#!r6rs\n(library (a))\n", "Scheme"), ("sls", b"apache:\n  pkg.installed\n", "Salt"), ("star", b"def main(ctx):\n  return {}\n", "Starlark"), ("star", b"data_a\n\nloop_\n_x\n", "STAR"),
    ("nu", b"def f [x] { $x }\n", "Nushell"), ("nu", b";; app\n(load \"nu\")\n", "Nu"), ("bs", b"<pre class='metadata'>\nTitle: A\n</pre>\n", "Bikeshed"), ("bs", b"sub Main()\n  print 1\nend sub\n", "BrighterScript"), ("bs", b"package A where\nimport FIFO\n", "Bluespec BH"),
    ("bas", b"10 PRINT \"A\"\n20 GOTO 10\n", "BASIC"), ("bas", b"Attribute VB_Name = \"A\"\nSub F()\n  Load frmA\nEnd Sub\n", "Visual Basic 6.0"), ("bas", b"Attribute VB_Name = \"A\"\nSub F()\n  ActiveSheet.Delete\nEnd Sub\n", "VBA"), ("bas", b"#include \"a.bi\"\ndim shared x as integer ptr\n", "FreeBASIC"), ("bas", b"DECLARE SUB F (A)\nDEFINT A-Z\n", "QuickBASIC"),
    ("cls", b"\\NeedsTeXFormat{LaTeX2e}\n", "TeX"), ("cls", b"public with sharing class A {\n}\n", "Apex"), ("cls", b"VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\n", "VBA"), ("cls", b"Class A.B Extends %Persistent\n{\n}\n", "ObjectScript"), ("cls", b"class a.B inherits C:\nend class.\n", "OpenEdge ABL"),
    ("sc", b"object A extends App { println(1) }\n", "Scala"), ("sc", b"import scala.util._\nclass A\n", "Scala"), ("sc", b"Foo {\n  *new { ^super.new }\n}\n", "SuperCollider"), ("p", b"set term png\nplot sin(x)\n", "Gnuplot"), ("p", b"DEFINE VARIABLE a AS INTEGER NO-UNDO.\n", "OpenEdge ABL"), ("w", b"@* Title.\n@<Include@>\n", "CWeb"), ("w", b"&ANALYZE-SUSPEND _UIB\n", "OpenEdge ABL"),
    ("lp", b"Minimize\n obj: x\nSubject To\n c: x > 1\nEnd\n", "Linear Programming"), ("lp", b"a(1).\nb(X) :- a(X).\n", "Answer Set Programming"), ("ecl", b":- lib(ic).\nf(X) :- X #> 0.\n", "ECLiPSe"), ("ecl", b"R := RECORD\n string a;\nEND;\n", "ECL"),
    ("ml", b"let rec f x = match x with\n  | [] -> 0\n  | _ -> 1\n", "OCaml"), ("ml", b"structure A = struct\n  fun f x = x\nend\n", "Standard ML"), ("e", b"class FOO\nfeature\n  x: INTEGER\nend\n", "Eiffel"), ("e", b"include std/io.e\nglobal procedure f()\nend procedure\n", "Euphoria"), ("ex", b"defmodule A do\nend\n", "Elixir"), ("ex", b"include std/io.e\nfor i = 1 to 3 do\nend for\n", "Euphoria"),
    ("j", b".class public A\n.super java/lang/Object\n", "Jasmin"), ("j", b"@import <Foundation/Foundation.j>\n", "Objective-J"), ("j", b"function A takes nothing returns nothing\nendfunction\n", "JASS"), ("b", b"implement A;\ninclude \"sys.m\";\n", "Limbo"), ("b", b"++++++++[>++++<-]>.\n", "Brainfuck"), ("b", b"main() { extrn a; auto b; }\n", "B"),
    ("inc", b"<?php\n$x = 1;\n", "PHP"), ("inc", b"#include <stdio.h>\n#define A 1\n", "C++"), ("inc", b"inherit cmake\nDEPENDS = \"a\"\n", "BitBake"), ("inc", b"select * from a;\n", "SQL"), ("inc", b"#declare A = 1;\n", "POV-Ray SDL"), ("inc", b"stock Float:f(a) {\n}\n", "Pawn"), ("inc", b"{$mode objfpc}\nprocedure A;\n", "Pascal"),
    ("sql", b"CREATE TABLE a (id INTEGER);\n", "SQL"), ("sql", b"CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n RETURN 1;\nEND; $$ LANGUAGE plpgsql;\n", "PLpgSQL"), ("sql", b"CREATE OR REPLACE PACKAGE BODY a IS\nEND;\n/\n", "PLSQL"), ("sql", b"DECLARE @x INT\nGO\n", "TSQL"),
    ("f", b"      PROGRAM A\n      END\n", "Fortran"), ("f", b": sq dup * ;\n", "Forth"), ("for", b"      SUBROUTINE F\n      END\n", "Fortran"), ("s", b"\t.globl main\nmain:\n\tmovl $1, %eax\n", "Unix Assembly"), ("s", b"section .text\nmain: mov eax, 1\n", "Assembly"), ("asm", b"  move.l d0,d1\n  moveq #0,d2\n", "Motorola 68K Assembly"),
    ("l", b"%{\n#include <stdio.h>\n%}\n%%\n", "Lex"), ("l", b"(defun f (x) x)\n", "Common Lisp"), ("l", b"(de f (X) X)\n", "PicoLisp"), ("lisp", b"(define (f x) x)\n(context 'A)\n", "NewLisp"), ("lisp", b"(in-package :a)\n", "Common Lisp"), ("lsp", b"(defun f () 1)\n", "Common Lisp"), ("scm", b"(define (f x) x)\n", "Scheme"), ("scm", b"(call (identifier) @name)\n", "Tree-sitter Query"),
    # markup, data, tools
    ("pp", b"class a {\n  file { 'b':\n    ensure => present,\n  }\n}\n", "Puppet"), ("pp", b"program A;\nuses B;\nbegin\nend.\n", "Pascal"), ("pro", b"QT += core\nSOURCES += main.cpp\nHEADERS += a.h\n", "QMake"), ("pro", b"-keep class a.B { *; }\n", "Proguard"), ("pro", b"pro f, x\n  compile_opt idl2\nend\n", "IDL"), ("pro", b"a(X) :- b(X).\n", "Prolog"),
    ("md", b"# Title\n", "Markdown"), ("html", b"<!DOCTYPE html>\n<p>\n", "HTML"), ("html", b"<emu-clause id='a'></emu-clause>\n", "Ecmarkup"), ("txt", b"hello\n", "Text"), ("yy", b"%token A\n%%\n", "Yacc"), ("yy", b"{\"a\": 1}\n", "JSON"), ("st", b"Object subclass: A [\n]\n", "Smalltalk"), ("st", b"<html>$body()$</html>\n", "StringTemplate"),
    ("asc", b"-----BEGIN PGP SIGNATURE-----\n", "Public Key"), ("asc", b"= Title\n", "AsciiDoc"), ("url", b"[InternetShortcut]\nURL=http://a\n", "INI"), ("url", b"http://a\n", None), ("x", b"%hook A\n%end\n", "Logos"), ("x", b"program A {\n version B { void C(void) = 1; } = 1;\n} = 2;\n", "RPC"), ("mod", b"NEURON {\n SUFFIX a\n}\n", "NMODL"), ("mod", b"MODULE A;\nEND A.\n", "Modula-2"),
    ("ms", b".TH A 1\n.PP\n", "Roff"), ("ms", b"fn f x = (\n x\n)\n", "MAXScript"), ("n", b".TH a n\n", "Roff"), ("n", b"using System;\nmodule A {}\n", "Nemerle"), ("nl", b"(define (f) 1)\n", "NewLisp"), ("ncl", b"begin\n x = 1\nend\n", "NCL"), ("ncl", b"let x = 1 in x\n", "Nickel"), ("q", b"f:{x+1}\n", "q"), ("q", b"SELECT a FROM b;\n", "HiveQL"),
    ("gd", b"extends Node\nfunc _ready():\n\tpass\n", "GDScript"), ("gd", b"DeclareOperation(\"A\", [IsGroup]);\n", "GAP"), ("tst", b"gap> 1+1;\n2\n", "GAP"), ("tst", b"assert_checkequal(1, 1);\n", "Scilab"), ("plist", b"<?xml version=\"1.0\"?>\n<plist/>", "XML Property List"), ("plist", b"{ a = b; }\n", "OpenStep Property List"), ("svn-base", b"<?xml version=\"1.0\"?>\n<a/>\n", "XML"),
]  # fmt: skip
"""(extension, text, language): written for this test, one or more for each extension that corpora of code are full of."""


def test_shared_extensions_by_their_text() -> None:
    """Oracle: a person who knows the languages."""
    found = detect(*[(f"src/x.{extension}", text) for extension, text, _ in SNIPPETS])
    wrong = [(e, t, w, f) for (e, t, w), f in zip(SNIPPETS, found, strict=True) if w != f]
    assert not wrong


def test_every_shared_extension_has_a_rule_of_its_owners() -> None:
    """Oracle: Linguist's owners of each extension and name; each sign must also compile in Arrow's RE2."""
    for key, rules in (("extensions", SIGNS), ("filenames", NAMES)):
        assert {v for v, owners in detection._owners(key).items() if len(owners) > 1} <= set(rules)
        for value, (signs, default) in rules.items():
            owners = detection._owners(key)[value]
            assert len(owners) > 1 or default is None or len(signs) > 0
            assert default is None or default in owners
            for name, sign in signs:
                pc.match_substring_regex(pa.array([b"x"]), sign)
                assert name in owners, (value, name)


HOSTILE = [
    b"a",
    b" ",
    b"\n",
    b"\t(",
    b"class a ",
    b"a:",
    b"-*- ",
    b"*(/",
    b"x(a)",
    b"#include <",
    b"\xff\x00",
    b"{\n",
]


def test_signs_are_linear_on_hostile_text(linear) -> None:
    def texts(size: int) -> pa.Array:
        return pa.array([piece * (size // len(piece)) for piece in HOSTILE], pa.large_binary())

    for rules in (SIGNS, NAMES):
        for signs, _ in rules.values():
            for _, sign in signs:
                linear(
                    lambda size, sign=sign: pc.match_substring_regex(texts(size), sign), detection.HEAD_BYTES
                )
    heads = [
        b"#!/bin/sh\n" + piece * 200 for piece in (b"exec ", b"exec a $", b"exec a\t", b'exec "', b"exec / ")
    ]
    linear(
        lambda size: detect(
            *[("run", head) for head in heads], *[("run", piece * size) for piece in HOSTILE]
        ),
        300,
    )


def _samples() -> list[tuple[str, str, bytes]]:
    folder = Path(os.environ["NEVE_LINGUIST_SAMPLES"])
    folder = folder / "samples" if (folder / "samples").is_dir() else folder
    names = {"Fstar": "F*", "ProC": "Pro*C"}
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [(names.get(lang := p.relative_to(folder).parts[0], lang), p.name, p.read_bytes()) for p in paths]


@pytest.mark.skipif(
    "NEVE_LINGUIST_SAMPLES" not in os.environ,
    reason="NEVE_LINGUIST_SAMPLES names no folder of Linguist's samples",
)
def test_accuracy_on_linguists_samples() -> None:
    """Oracle: the labels of github-linguist/linguist's folder `samples`; the limits are the issue's, made tighter."""
    labels, names, texts = zip(*_samples(), strict=True)
    found = detect(*zip(names, texts, strict=True))
    pairs = list(zip(labels, found, strict=True))
    assert len(pairs) > 2000
    of_recipe = [label == name for label, name in pairs if label in LANGUAGES]
    called = [label == name for label, name in pairs if name in LANGUAGES]
    alike = [label == name for label, name in pairs]
    shares = [sum(each) / len(each) for each in (of_recipe, called, alike)]
    print("recall, precision, overall:", shares, [len(each) for each in (of_recipe, called, alike)])
    assert shares[0] >= 0.99 and shares[1] >= 0.98 and shares[2] >= 0.98


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a.sql", b"BEGIN;\nALTER TABLE a ADD b int;\nCOMMIT;\n", "SQL"), ("a.sql", b"begin work;\nselect 1;\nend;\n", "SQL"),
        ("a.sql", b"DO $$\nBEGIN\n  PERFORM 1;\nEND $$;\n", "PLpgSQL"),
        ("a.v", b"Transparent foo.\nTransparent bar.\n", "Rocq Prover"), ("a.v", b"(* (c) someone *)\nExport Foo.Bar.\n", "Rocq Prover"),
        ("a.v", b"(* top *)\nmodule m;\nendmodule\n", "Verilog"), ("a.v", b"Set Implicit Arguments.\n", "Rocq Prover"),
        ("a.v", b"// counts\nassign y = x;\n", "Verilog"),
        ("a.bas", b'Attribute VB_Name = "A"\nPublic Function F(ByVal x As Long) As Long\nEnd Function\n', "VBA"),
        ("a.bas", b'Attribute VB_Name = "A"\nSub Main()\n  frmMain.Show\nEnd Sub\n', "Visual Basic 6.0"),
        ("a.awk", b"{ print $1 }\n", "Awk"), ("count", b"#!/usr/bin/gawk -f\n{ n++ }\n", "Awk"), ("count", b"#!/bin/sh\nexec awk -f \"$0\" \"$@\"\n", "Awk"),
    ],
)  # fmt: skip
def test_labels_that_were_wrong(path: str, text: bytes, language: str) -> None:
    """Oracle: a person who knows the languages."""
    assert detect((path, text)) == [language]
