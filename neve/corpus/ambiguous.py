"""File extensions that several languages share, and the signs in a text that tell them apart.

For each extension: signs in the order in which they are tried, and the language where none shows (None:
then the file has no known language). A sign is an RE2 expression that is searched in the first
32 KiB of the file's bytes. The trade-off: one sign that is nearly certain rather than many that are likely;
extensions that are rare in corpora of code have no signs and go to the language that owns them.

The extensions are Linguist's, the signs are our own.
"""

from __future__ import annotations

XML = r"\A(\xef\xbb\xbf)?\s*<(\?xml|!DOCTYPE|!--)"
"""Sign of XML for every extension that XML shares with another language."""

_ASSEMBLY = r"(?im)^\s*(section|segment|\.?globl|global|%?macro|%define|mov|db|equ|bits)\b"
_MANPAGE = r"(?m)^\.(TH|Dd|Dt|SH|Sh)\b"
_ROFF = r"(?m)^[.'](\\\"|[A-Za-z]{2}\b)"

SIGNS: dict[str, tuple[list[tuple[str, str]], str | None]] = {
    ".h": (
        [
            ("Objective-C", r"(?m)^\s*(@(interface|protocol|class|property|end|import)\b|#import\b)"),
            (
                "C++",
                r"(?m)^\s*(class\s+\w[\w\s:]*[{:;]|template\s*<|(inline\s+)?namespace\b|using\s+\w+|(public|private|protected)\s*:"
                r"|constexpr\b|#\s*include\s*<(algorithm|array|atomic|cstd\w+|cmath|functional|iostream|limits|map|memory|mutex"
                r"|optional|set|sstream|stdexcept|string|thread|tuple|type_traits|unordered_\w+|utility|vector)>)|\bstd::\w",
            ),
        ],
        "C",
    ),
    ".hh": ([("Hack", r"\A<\?hh")], "C++"),
    ".m": (
        [
            ("Objective-C", r"(?m)^\s*(@(interface|implementation|protocol|property|class|import|end|autoreleasepool)\b|#\s*(import|include)\b)"),
            ("Mercury", r"(?m)^\s*:-\s+module\b"),
            ("Wolfram Language", r"(?m)\(\*.*\*\)\s*$|^\w+\[.*_\]\s*:="),
            ("Limbo", r"(?m)^implement\s+\w+;"),
            ("MUF", r"(?m)^: "),
            ("M", r"(?m)^\s*;"),
        ],
        "MATLAB",
    ),
    ".mm": ([], "Objective-C++"),
    ".pl": (
        [
            ("Perl", r"\A#!.*perl[\s5]|(?m)^\s*(use\s+(strict|warnings|utf8|v?5)\b|package\s+[\w:]+\s*;|(my|our)\s*[$@%(]|sub\s+\w+\s*\{)"),
            ("Raku", r"(?m)^\s*(use\s+v6|unit\s+(class|module)|my\s+class)\b"),
            ("Prolog", r"(?m)^\s*:-|^[a-z]\w*(\(.*\))?\s*:-|^[a-z]\w*\(.*\)\.\s*$"),
        ],
        "Perl",
    ),
    ".pm": ([("X PixMap", r"\A\s*/\* XPM"), ("Raku", r"(?m)^\s*(use\s+v6|unit\s+(class|module))\b")], "Perl"),
    ".t": (
        [("Raku", r"(?m)^\s*use\s+v6\b|\A#!.*(raku|perl6)"), ("Turing", r"(?m)^\s*var\s+\w+\s*:\s*(int|real|string|boolean)\b"), ("Terra", r"(?m)^\s*(local\s+)?terra\s+\w+\s*\(")],
        "Perl",
    ),
    ".r": ([("Rebol", r"(?i)\A\s*;?.{0,80}\brebol\b"), ("Rez", r"(?m)^\s*(#include\s+[\"<]|resource\s+')")], "R"),
    ".ts": ([("XML", r"(?i)<TS\b[^>]*(version|language)=")], "TypeScript"),
    ".tsx": ([], "TSX"),
    ".v": (
        [
            ("Verilog", r"(?m)^\s*(module\s+\w+\s*[#(;]|endmodule\b|`(timescale|define|include)\b)"),
            ("Rocq Prover", r"(?m)^\s*(Require|From|Theorem|Lemma|Definition|Proof|Inductive|Section|Fixpoint)\b"),
            ("V", r"(?m)^\s*((pub\s+)?fn\s+.*\{|module\s+\w+\s*$|import\s+[\w.]+\s*$)"),
        ],
        "Verilog",
    ),
    ".inc": (
        [
            ("PHP", r"<\?(php|=)"),
            ("HTML", r"\A\s*<[a-zA-Z!]"),
            ("Pawn", r"(?m)^\s*(native|forward|stock)\s+\w"),
            ("C++", r"(?m)^\s*(#\s*(include|define|if|ifdef|ifndef)\b|//|/\*)"),
            ("BitBake", r"(?m)^(inherit|require)\s|^(SRC_URI|DEPENDS|RDEPENDS|FILES|LICENSE)\w*\s*[+?:]?="),
            ("SQL", r"(?im)^\s*(select|insert\s+into|create\s+table|drop\s+table|set\s+@)"),
            ("Pascal", r"(?im)^\s*(\{\$|procedure\s|function\s.*;|unit\s)"),
            ("Assembly", _ASSEMBLY),
        ],
        "C++",
    ),
    ".sql": (
        [
            ("PLpgSQL", r"(?i)\blanguage\s+'?plpgsql\b|\$\$\s*(declare|begin)\b"),
            ("PLSQL", r"(?im)\bcreate\s+(or\s+replace\s+)?package\b|\bdbms_\w+\.|\bpragma\s+autonomous_transaction\b|\bvarchar2\s*\("),
            ("TSQL", r"(?im)^\s*GO\s*;?\s*$|\bdeclare\s+@\w+|\bset\s+(nocount|quoted_identifier|ansi_nulls)\b"),
        ],
        "SQL",
    ),
    ".ddl": ([("PLSQL", r"(?i)\bvarchar2\s*\(")], "SQL"),
    ".prc": ([], "SQL"),
    ".cs": ([("Smalltalk", r"(?m)^![\w\s]+methodsFor: ")], "C#"),
    ".php": ([("Hack", r"\A<\?hh")], "PHP"),
    ".rs": ([("RenderScript", r"(?m)^\s*#pragma\s+(rs|version)\b")], "Rust"),
    ".d": ([("Makefile", r"(?m)^[\w./\\ -]+\.(o|lo|d)\s*:"), ("DTrace", r"\A#!.*dtrace|(?m)^\s*(dtrace|syscall|fbt|proc|sched):")], "D"),
    ".fs": ([("GLSL", r"(?m)^\s*(#version|precision|uniform|varying|void\s+main)\b"), ("Forth", r"(?m)^: \w")], "F#"),
    ".f": ([("Forth", r"(?m)^: \S")], "Fortran"),
    ".for": ([("Forth", r"(?m)^: \S")], "Fortran"),
    ".fpp": ([], "Fortran"),
    ".es": ([("Erlang", r"(?m)^\s*%%|^main\(.*\)\s*->")], "JavaScript"),
    ".ml": ([("Standard ML", r"(?m)^\s*(structure|signature|functor|fun)\s+\w+")], "OCaml"),
    ".cls": (
        [
            ("TeX", r"\\(NeedsTeXFormat|ProvidesClass|LoadClass|newcommand)"),
            ("Visual Basic 6.0", r"\AVERSION 1\.0 CLASS(?s:.*)VB_PredeclaredId"),
            ("VBA", r"(?m)^Attribute VB_"),
            ("ObjectScript", r"(?m)^Class\s+[%\w.]+\s+(Extends|\[|\{)"),
            ("OpenEdge ABL", r"(?im)^\s*(class\s+[\w.]+\s*:|routine-level\b|block-level\b)|\bno-undo\b"),
        ],
        "Apex",
    ),
    ".bas": ([("VBA", r"(?m)^Attribute VB_"), ("FreeBASIC", r"(?im)^\s*#(include|lang|inclib)\b"), ("B4X", r"(?m)^\s*#Region\b")], "BASIC"),
    ".frm": ([("VBA", r"(?m)^Attribute VB_")], "Visual Basic 6.0"),
    ".vba": ([("Vim script", r"(?m)^UseVimball")], "VBA"),
    ".cl": ([("OpenCL", r"\b(__)?(kernel|global)\s+[\w*]|#\s*(pragma|include|define)"), ("Cool", r"(?m)^\s*class\s+\w+.*\{")], "Common Lisp"),
    ".l": ([("Roff", _ROFF), ("Lex", r"(?m)^(%%|%\{|%option)")], "Common Lisp"),
    ".lisp": ([], "Common Lisp"),
    ".lsp": ([], "Common Lisp"),
    ".pp": ([("Pascal", r"(?im)^\s*(program|unit|uses|interface|implementation)\b|\{\$")], "Puppet"),
    ".pro": (
        [
            ("QMake", r"(?m)^\s*(SOURCES|HEADERS|QT|TEMPLATE|CONFIG|TARGET|SUBDIRS|INCLUDEPATH)\s*[-+*]?="),
            ("Proguard", r"(?m)^-(keep|dont|optimizations|assumenosideeffects)"),
            ("Prolog", r"(?m)^\s*:-|^[a-z]\w*(\(.*\))?\s*:-"),
            ("INI", r"(?m)^\s*\[[\w ]+\]\s*$"),
        ],
        "IDL",
    ),
    ".as": ([("AngelScript", r"(?m)^\s*(shared\s+)?(class|interface)\s+\w+|\b\w+@\s*\w+")], "ActionScript"),
    ".asm": ([], "Assembly"),
    ".s": ([("Unix Assembly", r"(?m)^\s*\.(text|data|globl|global|section|align|type|file|macro)\b")], "Assembly"),
    ".i": ([("SWIG", r"(?m)^\s*%(module|include|extend|inline|template|typemap|feature|\{)"), ("Assembly", _ASSEMBLY)], "SWIG"),
    ".mod": (
        [("NMODL", r"(?m)^\s*(NEURON|INITIAL|BREAKPOINT|UNITS)\s*\{"), ("Modula-2", r"(?m)^\s*(IMPLEMENTATION\s+|DEFINITION\s+)?MODULE\s+\w+"), ("AMPL", r"(?m)^\s*(param|set|var|minimize|maximize|subject\s+to)\s")],
        "Linux Kernel Module",
    ),
    ".md": ([("GCC Machine Description", r"(?m)^\(define_(insn|expand|attr|peephole|mode|split)")], "Markdown"),
    ".html": ([("Ecmarkup", r"<emu-")], "HTML"),
    ".txt": ([("Adblock Filter List", r"\A\[Adblock"), ("Vim Help File", r"(?m)^\s*vim?:.*\b(ft|filetype)=help\b")], "Text"),
    ".json": ([("OASv3-json", r"\"openapi\"\s*:\s*\"3"), ("OASv2-json", r"\"swagger\"\s*:\s*\"2")], "JSON"),
    ".yaml": ([("OASv3-yaml", r"(?m)^openapi:\s*['\"]?3"), ("OASv2-yaml", r"(?m)^swagger:\s*['\"]?2")], "YAML"),
    ".yml": ([("OASv3-yaml", r"(?m)^openapi:\s*['\"]?3"), ("OASv2-yaml", r"(?m)^swagger:\s*['\"]?2")], "YAML"),
    ".yy": ([("JSON", r"\A\s*[{\[]")], "Yacc"),
    ".ice": ([("JSON", r"\A\s*\{")], "Slice"),
    ".tact": ([("JSON", r"\A\s*\{")], "Tact"),
    ".properties": ([("INI", r"(?m)^\s*\[[\w .-]+\]\s*$")], "Java Properties"),
    ".cfg": ([("HAProxy", r"(?m)^(frontend|backend|listen|defaults|global)\b")], "INI"),
    ".tpl": ([("Smarty", r"\{(\*|\$|include|foreach|if |/)"), ("Go Template", r"\{\{")], "Smarty"),
    ".cgi": ([("Shell", r"\A#!.*\b(ba|z|k)?sh\b"), ("Python", r"(?m)^(import\s+\w|from\s+[\w.]+\s+import|def\s)")], "Perl"),
    ".fcgi": ([("Ruby", r"(?m)^require\s+['\"]"), ("Python", r"(?m)^(import\s+\w|from\s+[\w.]+\s+import|def\s)"), ("PHP", r"<\?php")], "Perl"),
    ".spec": ([("Python", r"(?m)^(import\s|from\s+\w|a = Analysis\()"), ("Ruby", r"(?m)^(require|describe)\b")], "RPM Spec"),
    ".rpy": ([("Ren'Py", r"(?m)^\s*(label\s+\w+|init\b.*:|define\s+\w+\s*=|screen\s+\w+)")], "Python"),
    ".sc": ([("SuperCollider", r"(?m)^\s*(SynthDef|~\w+|[A-Z]\w*\s*:\s*[A-Z]\w*\s*\{|\+\s*[A-Z]\w*\s*\{)|\^this\b")], "Scala"),
    ".scm": ([("Tree-sitter Query", r"(?m)^\s*(\(.*\)|\".*\"|\])\s*@[\w.]+|\(#(match|eq|set|any-of)")], "Scheme"),
    ".sls": ([("Scheme", r"\A\s*[(;]|\A#!r6rs")], "Salt"),
    ".sch": ([("Scheme", r"\A\s*[(;]"), ("KiCad Schematic", r"\A(EESchema|\(kicad_sch)")], "Scheme"),
    ".st": ([("StringTemplate", r"(?m)^\s*<\w+|\$\w+(\.\w+)*\$")], "Smalltalk"),
    ".q": ([("HiveQL", r"(?i)\b(select|create\s+table|insert\s+(into|overwrite))\b")], "q"),
    ".p": ([("OpenEdge ABL", r"(?i)\bno-undo\b|\bend\s+procedure\b")], "Gnuplot"),
    ".plt": ([("Prolog", r"(?m)^\s*:-")], "Gnuplot"),
    ".gs": ([("GLSL", r"(?m)^#version\b"), ("Gosu", r"(?m)^\s*uses\s+[\w.]+"), ("Genie", r"(?m)^\[indent\s*=")], "JavaScript"),
    ".frag": ([("JavaScript", r"\b(var|const|let)\s+\w+\s*=\s*(require|function)|=>")], "GLSL"),
    ".shader": ([("ShaderLab", r"(?m)^\s*Shader\s+\"")], "GLSL"),
    ".gd": ([("GAP", r"\b(DeclareOperation|DeclareAttribute|DeclareGlobalFunction|DeclareCategory)\(")], "GDScript"),
    ".g": ([("G-code", r"(?m)^[GM]\d+\s")], "GAP"),
    ".ex": ([("Euphoria", r"(?m)^\s*(include\s+\w+\.e|global\s+(procedure|function))\b")], "Elixir"),
    ".e": ([("Euphoria", r"(?m)^\s*(include\s+\w+\.e|global\s+(procedure|function))\b"), ("E", r"(?m)^\s*(def|pragma\.)\b")], "Eiffel"),
    ".j": ([("Jasmin", r"(?m)^\.(class|method|super)\b"), ("Objective-J", r"(?m)^@(import|implementation)\b")], "JASS"),
    ".b": ([("Limbo", r"(?m)^implement\s+\w+;"), ("Brainfuck", r"\A[\s<>+\-.,\[\]]+\z")], "B"),
    ".bb": ([("BlitzBasic", r"(?im)^\s*(end\s+function|graphics\s+\d|function\s+\w+)"), ("Clojure", r"\A(#!.*\bbb\b|\s*[(;])")], "BitBake"),
    ".asc": ([("Public Key", r"(?m)^(-----BEGIN|ssh-)"), ("AGS Script", r"(?m)^\s*(function|import)\s+\w+\s*\(")], "AsciiDoc"),
    ".pc": ([("Pro*C", r"(?i)\bEXEC\s+SQL\b")], "pkg-config"),
    ".pkl": ([("Pickle", r"\A[(\]}cIl][\w(\n]")], "Pkl"),
    ".m4": ([("M4Sugar", r"(?m)^\s*(AC_|AS_|AM_|m4_)\w+")], "M4"),
    ".mo": ([("Motoko", r"(?m)^\s*(actor|module|import\s+\w+\s+\")")], "Modelica"),
    ".ms": ([("Unix Assembly", r"(?m)^\s*\.(text|globl|section)\b"), ("MAXScript", r"(?m)^\s*(rollout|macroscript|fn)\s")], "Roff"),
    ".n": ([("Roff", _ROFF)], "Nemerle"),
    ".nb": ([("Wolfram Language", r"\(\*|Notebook\[")], "Text"),
    ".nu": ([], "Nushell"),
    ".plist": ([("OpenStep Property List", r"\A\s*[{(/]")], "XML Property List"),
    ".toc": ([("World of Warcraft Addon Data", r"(?m)^## Interface")], "TeX"),
    ".vcf": ([("vCard", r"\ABEGIN:VCARD")], "TSV"),
    ".x": ([("RPC", r"(?m)^\s*(program|version|struct|const|typedef|union)\s"), ("Linker Script", r"(?m)^\s*(SECTIONS|MEMORY|ENTRY)\b"), ("DirectX 3D File", r"\Axof ")], "Logos"),
    ".lean": ([("Lean 4", r"(?m)^(import\s+(Lean|Mathlib|Std|Init)|open\s.*\sin$)|\bfun\b.*=>|:= by\b")], "Lean"),
    ".jq": ([("JSONiq", r"(?i)\bjsoniq\s+version\b")], "jq"),
    ".sol": ([("Gerber Image", r"(?m)^%?(FS|MO|AD)\w+")], "Solidity"),
    ".workflow": ([], "HCL"),
    ".res": ([], "ReScript"),
    ".mojo": ([], "Mojo"),
    ".typ": ([], "Typst"),
    ".gml": ([("Graph Modeling Language", r"(?m)^\s*graph\s*\[")], "Game Maker Language"),
    ".ftl": ([("Fluent", r"(?m)^-?[a-z][\w-]*\s*=\s")], "FreeMarker"),
    ".trigger": ([("Shell", r"\A#!")], "Apex"),
    ".mdoc": ([("Roff Manpage", _MANPAGE)], "Roff"),
    ".man": ([("Roff Manpage", _MANPAGE)], "Roff"),
} | {
    f".{section}": ([("Roff Manpage", _MANPAGE), ("Roff", _ROFF)], None)
    for section in (*"123456789", "1in", "1m", "1x", "3in", "3m", "3p", "3pm", "3qt", "3x")
}  # fmt: skip
"""Extension -> (signs, language without a sign). `foo.1` is a manual page only where it looks like one."""
