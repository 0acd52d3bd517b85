"""File extensions that several languages share, and the signs in a text that tell them apart.

Each extension has its signs, in the order in which they are tried, and the language of a file that shows
none of them: None for an extension such as `.1`, which belongs to more kinds of file than Linguist knows. A
sign is an RE2 expression, which takes linear time on any text; it is searched for in the first 32 KiB of the
file's bytes, where `^` and `$` match at lines. The trade-off: one sign that is nearly certain
rather than many that are likely, the most special first, and the commonest owner of the extension where
nothing shows.

The extensions are Linguist's. The signs are our own, held against Linguist's labelled samples in
tests/corpus/languages/test_ambiguous.py.
"""

from __future__ import annotations

XML = r"\A(\xef\xbb\xbf)?\s*<(\?xml|!DOCTYPE|!--)"
"""Sign of XML, for the extensions that it shares with other languages."""

_ASM = r"(?i)^[ \t]*(section|segment|global|extern|%?macro|%define|%include|db|dw|equ|bits|mov|push|call|endm)[ \t]|\bmov[ \t]+\[?\w{2,},"
_M68K = r"(?i)^[ \t]*(\w+:)?[ \t]*(move[mpqa]?\.[bwl]|moveq[ \t]+#|dbra[ \t]|btst[ \t]|lea(\.l)?[ \t].*,[ \t]*a[0-7]\b)"
_ROFF = r"^[.'](\\\"|[A-Za-z]{2}([ \t\r]|$))"
_MANPAGE = r"^[.'][ \t]*(TH[ \t]+\S+[ \t]+\S|Dt[ \t]+\S)"
_GERBER = r"\A\s*(G0|%(FS|MO)|G75\*|;?Layer)|^[DGM]\d\d\*\r?$"
_PERL = (
    r"\A#!.*\bperl|^\s*use\s+(strict|warnings|utf8|lib|base|parent|constant|Test::\w+|v?5)\b|^\s*package\s+[\w:]+\s*[;{]"
    r"|^\s*(my|our|local)\s*[$@%(]|^\s*sub\s+\w+\s*(\([$@%&;\\]*\)\s*)?\{|\$\w+->[\w{\[(]|^=(head1|pod|cut)\b"
)
_RAKU = (
    r"\A#!.*\b(raku|perl6)|^\s*use\s+v6\b|^\s*(unit\s+|my\s+)?(class|role|grammar|module)\s+[\w:-]+\s*([;{]|is\s|does\s|:)"
    r"|^\s*(my|our|multi|proto)\s+(sub|method|class|role|multi)\b|->\s*[$@&%]\w+[^\n]*\{|^\s*use\s+Test;"
)
_PROLOG = r"^\s*:-|^-?[a-z]\w*(\([^\n]*\))?[ \t]*:-|^[a-z]\w*\([^\n;{]*\)\.\s*(%|$)"
_EUPHORIA = (
    r"^\s*((public|export|global|override)\s+)?(include\s+[\w/]+\.e\b|(procedure|constant|enum|atom|sequence|namespace)\b[^:\n]*$|function\s+\w+\()"
    r"|^\s*with(out)?\s+(trace|type_check)|^end\s+(procedure|function|if|for|type)\b"
)
_FREEBASIC = (
    r"(?i)^[ \t]*#\s*(define|endif|ifn?def|include|inclib|lang|macro|endmacro|pragma)\b|^[ \t]*dim([ \t]+shared)?[ \t]+\w+[ \t]+as[ \t]+\w+[ \t]+ptr"
    r"|^[ \t]*declare[ \t]+(sub|function)[ \t]+\w+[ \t]+(cdecl|alias|lib)\b"
)
_QUICKBASIC = (
    r"^[ \t]*(DEFINT|DEFLNG|DEFSNG|DECLARE (SUB|FUNCTION)|DIM|REDIM|CONST|PRINT|SUB|FUNCTION|TYPE) |(?i:'?\$(include|dynamic|static|console|resize)\b"
    r"|^[ \t]*_(title|limit|display|screen|dest)\b|^[ \t]*option _explicit|\bas _(byte|offset|mem)|^[ \t]*cls[ \t]*$)"
)
_VBA = (
    r"\b[Vv]ba\b|\bVBA|\bPtrSafe\b|^#If (Win64|Mac)|[ \t]#If (Win64|Mac)|\bAs LongPtr\b|\bOption (Private Module|Compare Database)"
    r"|\b(Active|This)?Workbooks?\b|\bWorksheets?\b|\b(Active|This)(Document|Presentation|Sheet|Cell|Chart|Window)\b|\bWorksheetFunction\b"
    r"|\bApplication\.(ScreenUpdating|VBE|Run)|\b(Excel|Word|Outlook|Access|PowerPoint)\.[A-Z]|\bCells\(|\bRange\(\"|\bSelection\.|\bVBComponents?\b|\bAs (Template|Document)\b"
)
_VB6 = (
    r"\bApp\.(Path|EXEName|Major|Minor|Revision|PrevInstance|Title|hInstance)\b|\bScreen\.(MousePointer|TwipsPer|Width|Height|Active)|\bPrinter\."
    r"|\bVB\.[A-Z]|\bAs (Form|PictureBox|VB\.\w+)\b|\b(Load|Unload) frm|\bfrm\w+\.(Show|Hide|Caption)\b|^[ \t]*(Public |Private )?Sub Main\(\)|\bForm_Load\b"
)
_ROCQ = (
    r"^\s*((From\s+[\w.]+\s+)?Require\s|(Theorem|Lemma|Definition|Inductive|Fixpoint|Record|Instance|Notation|Section|Module|Axiom|Parameter|Ltac|Corollary|Goal)\s|(Proof|Qed|Defined)\.)"
    r"|^(Export|Import|Reserved|Set|Unset|Open|Close|Local|Global|Transparent|Opaque|Hint|Variables?|Context|Arguments|Coercion|Canonical|Example|Fact|Remark|Proposition"
    r"|CoInductive|Class|Program|Infix|Extraction|Declare|Delimit|Bind|Print|Check|Eval|Compute|Generalizable)\s[^;{}\n]*\.\s*$|\A\s*\(\*[* \n]"
)
_GSC = r"^\s*#\s*(using|insert|namespace|using_animtree|precache)\b|\b(level|self)\s+thread\b"
_CPP = (
    r"^\s*(class|struct)[ \t]+(\w+(\([^)\n]*\))?[ \t]+)*[\w:]+[ \t]*(final\s*)?(:\s*(public|private|protected|virtual)\s|\{\s*(public|private|protected)\s*:)"
    r"|^\s*class[ \t]+(\w+(\([^)\n]*\))?[ \t]+)*[\w:]+\s*(final\s*)?[{;:]|^\s*template\s*<|^[ \t]*((inline|export)\s+)?namespace(\s+[\w:]+)?\s*(\{|$)|^\s*using\s+(namespace\s+)?[\w:]+\s*(=|;)"
    r"|^\s*(public|private|protected|signals|(public|private|protected)\s+slots)\s*:|^\s*(explicit\s+\w+\s*\(|virtual\s+[^\n;]*\w\s*\(|constexpr\s|friend\s+(class\s|struct\s|[^\n;]*\()|mutable\s[^\n]*;)"
    r"|\b(static_cast|dynamic_cast|reinterpret_cast|const_cast)<|\b(noexcept|nullptr|static\s+constexpr|Q_OBJECT)\b|\boperator\s*(==|!=|\(\)|\[\]|<<|=|\+)\s*\("
    r"|^\s*#\s*include\s*<(algorithm|any|array|atomic|bitset|c(assert|ctype|errno|float|inttypes|limits|locale|math|setjmp|signal|std\w+|string|time|wchar)"
    r"|chrono|complex|condition_variable|deque|exception|filesystem|forward_list|fstream|functional|future|initializer_list|iomanip|ios|iosfwd|iostream|istream"
    r"|iterator|limits|list|locale|map|memory|mutex|new|numeric|optional|ostream|queue|random|ratio|regex|set|shared_mutex|span|sstream|stack|stdexcept"
    r"|streambuf|string|string_view|thread|tuple|type_traits|typeindex|typeinfo|unordered_\w+|utility|valarray|variant|vector|[\w/.-]+\.(hpp|hxx|hh))>"
    r"|^\s*#\s*include\s*\"[\w/.-]+\.(hpp|hxx|hh)\"|\bstd::\w|\b__has_cpp_attribute\b|\bboost::\w|^\s*enum\s+(class|struct)\s+\w|(^|[;{}])\s*~\w+\s*\(\s*(void)?\s*\)\s*[;{=]"
    r"|\b(const\s+[A-Za-z]\w*|bool|char|int|float|double|size_t)\s*&\s*\w+\s*[,)=;]|\)\s*(const\s*)?(override|=\s*(default|delete))\s*;|^\s*(inline\s+|static\s+)*auto\s+\w+\s*\([^)\n]*\)\s*->"
)
_OBJC = (
    r"^@(interface|protocol|implementation|end|optional|required)\b|^\s*@(class\s+[\w, ]+;|property\b[^\n]*;|import\s+[\w.]+;|synthesize\s[^\n]*;|autoreleasepool\s*\{)"
    r"|^\s*#\s*import\s*[<\"]|\bNS_(ENUM|OPTIONS|ASSUME_NONNULL_BEGIN)\b|\b(FOUNDATION|UIKIT)_EXPORT\b"
)
_LIMBO = r"^implement\s+\w+;|^\w+\s*:\s*module\s*\{"
_PYTHON = r"\A#!.*python|^(import\s+\w|from\s+[\w.]+\s+import|def\s+\w+\(|class\s+\w+[(:])"
_YAML = r"\A(\s*#[^\n]*\n)*\s*(---|['\"]?[\w.-]+['\"]?[ \t]*:(\s|$))"

Signs = list[tuple[str, str]]

_RULES: dict[str, tuple[Signs, str | None]] = {
    # C and its kin
    ".h": ([("Objective-C", _OBJC), ("C++", _CPP)], "C"),
    ".hh": ([("Hack", r"\A<\?hh")], "C++"),
    ".m": (
        [
            ("Objective-C", _OBJC + r"|^\s*#\s*include\s*[<\"]|^\s*int\s+main\s*\("),
            ("Mercury", r"^\s*:-\s*(module|interface|pred|import_module)\b"),
            ("Limbo", _LIMBO),
            ("MUF", r"^: |^\$(include|def|author)\b"),
            ("M", r"\A\s*(;|%?[A-Za-z]\w*(\([\w,]*\))?[ \t]*;)"),
            ("MATLAB", r"^\s*%|^\s*function\b|^\s*classdef\b"),
            ("Wolfram Language", r"^\s*\(\*|\*\)\s*$|^\w+\[[^\n]*_\]\s*:=|^(Begin)?Package\["),
            ("M", r"^\s+;|^%?[A-Za-z]\w*[ \t]+;|^\w+\([\w,]*\)?[ \t]*;|^[A-Za-z]\w*(\([\w,]*\))?\s+(new|set|write|quit|for|if|do|kill|[nsqwfidk])\s"),
        ],
        "MATLAB",
    ),
    ".mm": ([("XML", XML + r"|\A\s*<map\b")], "Objective-C++"),
    ".re": ([("C++", r"^\s*#\s*(if|ifdef|ifndef|define|include|pragma)\b|/\*!(re2c|max|stags|types|ignore)|^\s*template\s*<")], "Reason"),
    ".cp": ([("Component Pascal", r"^\s*MODULE\s+\w+;")], "C++"),
    ".cs": ([("Smalltalk", r"![\w\s]+methodsFor: |\A\W{0,3}'From (Pharo|Squeak|Cuis)")], "C#"),
    ".cl": ([("Common Lisp", r"(?i)^\s*\((defun|defpackage|in-package|defmacro|defvar|defparameter|defclass)\s"), ("Cool", r"^\s*class\s+[A-Z]\w*[^\n;]*\{"),
        ("OpenCL", r"\b(__)?(kernel|global|local)\s+\w|^\s*#\s*(pragma|include|define|ifdef|ifndef)|^\s*//|^\}|/\*")], "Common Lisp"),
    ".rs": ([("RenderScript", r"^\s*#\s*pragma\s+(rs|version)\b|__attribute__\(\(kernel"), ("XML", XML)], "Rust"),
    ".d": (
        [
            ("DTrace", r"\A#!.*dtrace|^\s*(dtrace|syscall|fbt|proc|sched|io|pid\$?\w*|profile|tick-\d\w*):|^\w*:\w*:[\w*]*:\w*\s|^#pragma\s+D\s|^(BEGIN|END)\s*$|^\s*(BEGIN|END)\s*\{|^provider\s+\w+\s*\{"),
            ("Makefile", r"^[^\s:#=]+\.(o|lo|d|ko|rlib|rmeta|class)\s*:|\A([A-Za-z]:)?/?[^\s:#;{}()=*/][^\s:#;{}()=*]*[./\\][^\s:#;{}()=*]*:[ \t]|^[^\s:#;{}()=]+\s*:\s[^\n;{}]*\\$|^/[^\s:]+:\s*$"),
        ],
        "D",
    ),
    ".fs": ([("Filterscript", r"^\s*#\s*pragma\s+(rs|version)\b|__attribute__\(\(kernel"), ("GLSL", r"^\s*(#version|precision\s|uniform\s|varying\s|attribute\s|(in|out)\s+vec[234]|void\s+main\b)|\bgl_FragColor\b"),
        ("Forth", r"^(: \S|\\ |new-device)"), ("F#", r"^\s*(module|namespace|open|let|type|#light|//|\(\*)")], "F#"),
    ".fx": ([("FLUX", r"^typedef\s+\w+\s+\w+;|=>\s*(\(|\w+\s*->)|^source\s")], "HLSL"),
    ".sc": ([("SuperCollider", r"^\s*(SynthDef\b|~\w+\s*=|\+\s*[A-Z]\w*\s*\{|[A-Z]\w*\s*(:\s*[A-Z]\w*\s*)?\{\s*$|\*\w+\s*\{)|\^(this|super)\b|\bclassvar\b")], "Scala"),
    ".scd": ([("Markdown", r"^#+\s+(NAME|SYNOPSIS|DESCRIPTION)\b|\A[\w.-]+\(\d\)")], "SuperCollider"),
    ".cake": ([("CoffeeScript", r"^\s*(task\s+['\"]|\w+\s*=\s*require\b|\{?\w[\w, ]*\}?\s*=\s*require\b)|->\s*$")], "C#"),
    ".ch": ([("xBase", r"(?i)^\s*#\s*(if|ifdef|ifndef|define|command|xcommand|translate|xtranslate|include|pragma|undef)\b")], "Charity"),
    ".uc": ([("ucode", r"\A#!.*\bucode\b|^\s*['\"]use strict['\"];|^\s*import\s+[{*\w]|^\s*export\s|^\s*(let|const)\s+\w+\s*=\s|\brequire\(")], "UnrealScript"),
    ".sw": ([("XML", XML)], "Sway"),
    ".reds": ([("Red", r"^\s*Red(/System)?\s*\[|^#(import|define|include|enum|syscall)\b|\bfunc \[")], "Redscript"),
    ".mqh": ([("MQL5", r"^\s*#include\s*<|\bCOrderInfo\b|\bOnTradeTransaction\b|mql5|\bMqlTradeRequest\b|\bCTrade\b")], "MQL4"),
    ".qs": ([("Q#", r"^\s*(namespace\s+[\w.]+\s*\{|operation\s+\w+|open\s+Microsoft\.|import\s+Std\.)")], "Qt Script"),
    ".gs": ([("GLSL", r"^#version\b"), ("Genie", r"^\[indent\s*=|^init\s*$|^uses\s*$"), ("Gosu", r"^\s*uses\s+[\w.*]+\s*$|^package\s+[\w.]+\s*$|^\s*(static\s+)?(property|function)\s+(get\s+|set\s+)?\w+\([^)\n]*\)\s*:|^enhancement\s")], "JavaScript"),
    ".gst": ([("XML", XML)], "Gosu"),
    ".frag": ([("JavaScript", r"\b(var|const|let)\s+\w+\s*=\s*(require|function)\b|^\s*\}?\)?\(?(function|window)\b|=>|module\.exports|\bjQuery\b")], "GLSL"),
    ".shader": ([("ShaderLab", r"^\s*Shader\s+\"")], "GLSL"),
    ".ice": ([("JSON", r"\A\s*[{\[]\s*[\"\[{]")], "Slice"),
    ".jq": ([("JSONiq", r"(?i)\bjsoniq\s+version\b|^\s*\(:|^\s*import module namespace\b|^\s*(declare\s+)?(variable|function)\s+\$?[\w:]+\s*(:=|\()|^\s*let\s+\$\w+\s*:=")], "jq"),
    ".e": ([("Eiffel", r"^\s*((deferred|expanded|frozen)\s+)?class\s*($|[A-Z][A-Z_]+)|^\s*(feature|inherit|creation|create)\b[^=(\n]*$"), ("Euphoria", _EUPHORIA), ("E", r"\A#!.*\brune\b|^\s*(def|var)\s+[^\n]+:=|^\s*(def|to)\s+\w+(\([^\n]*\))?[^\n]*\{|^\s*when\s*\([^\n]*\)\s*->|^\s*pragma\.")], "Eiffel"),
    ".ex": ([("Elixir", r"^\s*(defmodule|defprotocol|defimpl|import|alias|use|@moduledoc|@doc)\s"), ("Euphoria", _EUPHORIA)], "Elixir"),
    ".j": ([("Jasmin", r"^\s*\.(class|method|super|limit|field|source|bytecode|end)\b"), ("Objective-J", r"^\s*@(import|implementation|end|protocol|class)\b")], "JASS"),
    ".b": ([("Limbo", _LIMBO), ("Brainfuck", r">\+>|>\+<|[-+<>\[\].,]{12}"), ("B", r"^\s*(extrn|auto)\b")], "B"),
    ".bf": ([("Beef", r"^\s*using\s+(System|Beefy)\b|^\s*namespace\s+\w+;?|^\s*class\s+\w+"), ("HyPhy", r"^\s*#include\s+\"[^\n]*;|\bfprintf\s*\(|^\s*(LikelihoodFunction|DataSet|DataSetFilter|ExecuteAFile|Tree|global)\s|\bfscanf\s*\("),
        ("Brainfuck", r">\+>|>\+<|\+{5}|<{5}|-\[-|\[->|\[-\]")], "Befunge"),
    ".v": (
        [
            ("V", r"^module\s+\w+\s*$(\s*//[^\n]*)*\s*(import|fn|pub|struct|const)\b|^(pub\s+)?fn\s+(\([^)\n]*\)\s*)?\w+\([^\n]*\{\s*$|\A#!.*\bv\b"),
            ("Verilog", r"^\s*(module\s+\\?\w+\s*($|[#(;]|//)|endmodule\b|primitive\s|always\s*@|`(timescale|define|include|ifdef|ifndef|default_nettype)\b)"),
            ("Rocq Prover", _ROCQ),
            ("V", r"^\s*(import\s+[\w.]+\s*$|(pub\s+)?struct\s+\w+\s*\{)"),
        ],
        "Verilog",
    ),
    # scripts
    ".pl": ([("Prolog", r"\A#!.*\b(swipl|prolog|yap|gprolog)\b|^:-\s*\w"), ("Raku", r"\A#!.*\b(raku|perl6)|^\s*use\s+v6\b|^\s*unit\s+(class|module|role)"), ("Perl", _PERL), ("Prolog", _PROLOG), ("Raku", _RAKU)], "Perl"),
    ".pm": ([("X PixMap", r"\A\s*/\* XPM"), ("Raku", r"^\s*use\s+v6\b|^\s*unit\s+(class|module|role)"), ("Perl", r"^\s*(use\s+(strict|warnings|vars|base|parent|Exporter)\b|package\s+[\w:]+\s*[;{])|\bbless\b|^=(head1|cut)\b"), ("Raku", _RAKU)], "Perl"),
    ".t": ([("Raku", r"\A#!.*\b(raku|perl6)|^\s*use\s+v6\b"), ("Perl", _PERL), ("Turing", r"^\s*%[ \t]+|^\s*var\s+\w+(\s*:\s*\w+)?\s*(:=|:\s*(int|real|string|boolean)\b)|^\s*(put|get)\s+\"|^end\s+\w+\s*$"), ("Terra", r"^\s*(local\s+)?terra\s+\w+\s*\(|terralib"), ("Raku", _RAKU)], "Perl"),
    ".al": ([("AL", r"(?i)\A\W{0,3}(//[^\n]*\s+|namespace\s[^\n]*\s+|using\s[^\n]*\s+|#[^\n]*\s+)*\[?(codeunit|page\w*|table\w*|report\w*|query|xmlport|enum\w*|profile\w*|interface|permissionset\w*|controladdin|dotnet|entitlement)\b(\s+[\w\"]|\s*$)")], "Perl"),
    ".pod": ([("Pod 6", r"^\s*=(comment|begin\s+pod|begin\s+para|item\d)")], "Pod"),
    ".r": ([("Rebol", r"(?i)\A\s*(;[^\n]*\s+)*(#![^\n]*\s+)?rebol\b"), ("Rez", r"#include\s+[<\"](Types|Carbon|CoreServices|SysTypes)|^\s*(resource|data|type)\s+'[^'\n]{4}'")], "R"),
    ".php": ([("Hack", r"\A(#![^\n]*\s)?<\?hh")], "PHP"),
    ".ts": ([("XML", r"(?i)\A\W{0,3}<(\?xml|!DOCTYPE\s+TS|TS\b)")], "TypeScript"),
    ".tsx": ([("XML", r"\A\W{0,3}<(\?xml|tileset\b)")], "TSX"),
    ".gts": ([("Gerber Image", _GERBER)], "Glimmer TS"),
    ".es": ([("Erlang", r"\A#!.*escript|^\s*%%|^main\s*\([^\n]*\)\s*->")], "JavaScript"),
    ".ls": ([("LoomScript", r"^\s*package\s*[\w.]*\s*\{|^\s*package\s*$")], "LiveScript"),
    ".as": ([("AngelScript", r"\b[A-Z]\w*@\s*\w+|^\s*@\w+\s*=|\bconst\s+\w+\s*&\s*in\b|^\s*(shared|mixin)\s+class\b"), ("ActionScript", r"^\s*(package\b|import\s+[\w.*]+;|((public|protected|private|static|dynamic|final|override|intrinsic)\s+)+(var|const|function|class|interface)\b|(intrinsic\s+)?class\s+[\w.]+\.\w+)|\b(var|const)\s+\w+\s*:\s*[\w.*<>]+|\bfunction\s+\w+\s*\([^)\n]*:|^\s*(trace|stop|gotoAndPlay)\("),
        ("AngelScript", r"^\s*(class|interface)\s+\w+|^\s*(void|int|float|bool|string)\s+\w+\s*\(|^#include\b")], "ActionScript"),
    ".cgi": ([("Perl", _PERL), ("Shell", r"\A#!.*\b(ba|z|k|da)?sh\b"), ("Python", _PYTHON)], "Perl"),
    ".fcgi": ([("Perl", r"^\s*use\s+(strict|warnings|CGI|FCGI)\b"), ("Python", _PYTHON), ("Lua", r"^\s*(local\s|require\s*\(?['\"]wsapi)"), ("Ruby", r"^require\s+['\"]|^\s*(Dir\.chdir|Rack::)"), ("PHP", r"<\?php"), ("Shell", r"\A#!.*\b(ba|z|k|da)?sh\b")], "Perl"),
    ".spec": ([("RPM Spec", r"(?i)^(Name|Version|Summary|License|%\w+|BuildRoot|Source\d*)\b"), ("Ruby", r"^\s*(require|describe|Gem::Specification|RSpec)\b"), ("Python", r"^\s*(import\s|from\s+\w|a = Analysis\(|block_cipher)|=\s*Analysis\(")], "RPM Spec"),
    ".rpy": ([("Ren'Py", r"^\s*(label\s+[\w.]+.*:|init\b[^\n]*:|define\s+[\w.]+\s*=|screen\s+\w+[^\n]*:|image\s+\w+|translate\s+\w+|default\s+\w+\s*=|menu\b[^\n]*:|transform\s+\w+)"), ("Python", _PYTHON)], "Ren'Py"),
    ".sls": ([("Scheme", r"\A\s*([(;]|#!r6rs|#!chezscheme)")], "Salt"),
    ".star": ([("STAR", r"^\s*(loop_|data_\w*)\s*$")], "Starlark"),
    ".trigger": ([("Shell", r"\A#!|^\s*(echo|set\s+-e|if\s+\[)")], "Apex"),
    ".app": ([("Erlang", r"^\{\s*'?application'?\s*,")], None),
    ".nu": ([("Nu", r"\A#!.*nush|^\s*;;|^\s*\((load|class|set|function|puts|import|unless|macro)\b")], "Nushell"),
    ".bs": ([("Bikeshed", r"(?i)^<pre\s+class\s*=\s*['\"]?metadata"), ("BrighterScript", r"(?i)^\s*(sub\s+\w+\s*\(|end\s+(sub|function|class|namespace)\b|function\s+\w+\s*\([^\n]*\)|import\s+\"|')"), ("Bluespec BH", r"^package\s+\w")], "Bluespec BH"),
    ".bas": (
        [("B4X", r"\A\W{0,3}([^\n]*\n){0,9}B4[AJRi]=true"), ("BASIC", r"\A\s*\d+\s"), ("FreeBASIC", _FREEBASIC), ("QuickBASIC", _QUICKBASIC), ("VBA", _VBA), ("Visual Basic 6.0", _VB6), ("VBA", r"^[ \t]*Attribute VB_Name"), ("FreeBASIC", r"(?i)^[ \t]*(return |extern \"|namespace |var \w+ =|dim as )")],
        "BASIC",
    ),
    ".bi": ([("QuickBASIC", r"(?i)'\$include|\$(includeonce|if)\b|\bas _(byte|offset|mem)|^'\$"), ("FreeBASIC", _FREEBASIC), ("QuickBASIC", _QUICKBASIC)], "FreeBASIC"),
    ".bb": ([("BlitzBasic", r"(?i)^\s*(end\s+function|graphics(3d)?\s+\d|function\s+\w+[%#$]?\()"), ("Clojure", r"\A(#!.*\bbb\b|\s*(;|\((ns|def|require)))|^\s*\((def|defn|defmacro|let|ns)\s"), ("BitBake", r"^(# |include|require|inherit|SRC_URI|DESCRIPTION|SUMMARY|LICENSE|PR|PV|DEPENDS)\b")], "BitBake"),
    ".cls": (
        [
            ("TeX", r"\\(NeedsTeXFormat|ProvidesClass|LoadClass|newcommand|def\\|RequirePackage)"),
            ("Visual Basic 6.0", r"\A\s*VERSION \d\.\d CLASS\s+BEGIN\s+MultiUse[^\n]*\s+Persistable"),
            ("VBA", r"\A\s*VERSION \d\.\d CLASS|^Attribute VB_"),
            ("OpenEdge ABL", r"(?i)^\s*(class\s+[\w.&-]+(\s+(inherits|implements)\s+[\w., ]+|\s+abstract|\s+final)*\s*:|interface\s+[\w.]+\s*:|routine-level\b|block-level\b|end\s+class\.)|\bno-undo\b"),
            ("ObjectScript", r"^Class\s+[%\w.]+\s*(Extends|\[|\{|$)"),
        ],
        "Apex",
    ),
    ".frm": ([("INI", r"\ATYPE=VIEW"), ("VBA", r"^\s*Begin\s+\{[0-9A-Fa-f-]+\}")], "Visual Basic 6.0"),
    ".vba": ([("Vim script", r"^UseVimball")], "VBA"),
    ".ms": ([("Roff", _ROFF), ("MiniScript", r"^\s*end (function|while|if|for)\b|\bisa\b|^\s*\w+\s*=\s*function\b"), ("Unix Assembly", r"^\s*\.(text|globa?l|section|macro|word|include|data)\b")], "MAXScript"),
    ".ks": ([("Kickstart", r"^\s*(%(packages|post|pre|include|end|addon)|auth(config|select)?\s|bootloader\s|rootpw\s|timezone\s|part\s|lang\s|keyboard\s|network\s+--|install\s*$|repo\s+--)")], "KerboScript"),
    ".rsc": ([("RouterOS Script", r"^\s*:(global|local|if|foreach|for|log|put|delay|do|set|while|return)\b|^/\w[\w/ -]*|\bRouterOS\b|^\s*add\s+\w+[\w-]*=")], "Rascal"),
    ".ash": ([("KoLmafia ASH", r"^\s*(script|notify|since)\s+\S|^\s*import\s*<|\bmy_(adventures|meat|class|name)\(|\b(use_familiar|cli_execute|visit_url|item_amount|get_property)\(|^\s*(boolean|int|void|string|item)\s+\w+\s*\([^)]*\)\s*\{?\s*$")], "AGS Script"),
    ".p": ([("OpenEdge ABL", r"(?i)\bno-undo\b|\bend\s+procedure\b|^\s*define\s+(var|variable|input|output|temp-table|buffer|query)\b|\bfor\s+each\b|\bend\.\s*$|^\s*\{[\w/]+\.i\}")], "Gnuplot"),
    ".w": ([("OpenEdge ABL", r"(?i)&analyze-suspend|\bno-undo\b|^\s*define\s+(var|variable|input)\b")], "CWeb"),
    ".plt": ([("Prolog", r"^\s*:-")], "Gnuplot"),
    ".lp": ([("Linear Programming", r"(?i)^\s*(minimi[sz]e|minimum|min|maximi[sz]e|maximum|max)(\s+multi-objectives)?\s*:?\s*$|^\s*subject\s+to\s*:?\s*$|^\\"),
        ("Lambdapi", r"^\s*((opaque|constant|injective|sequential|protected|private)\s+)*(symbol|rule|notation|require(\s+open)?|builtin|unif_rule)\s[^.]*;|\xe2\x89\x94|\xe2\x86\xaa|^\s*//")], "Answer Set Programming"),
    ".ecl": ([("ECLiPSe", r"^\s*:-|^[a-z]\w*(\([^\n]*\))?\s*:-")], "ECL"),
    ".mod": (
        [("NMODL", r"^\s*(NEURON|INITIAL|BREAKPOINT|UNITS|STATE|PARAMETER|ASSIGNED)\s*\{"), ("Modula-2", r"(?i)^\s*((implementation|definition)\s+)?module\s+\w+\s*(\[[^\]\n]*\]\s*)?;|^END\s+\w+\.\s*$"), ("XML", XML + r"|<!(ENTITY|ELEMENT|ATTLIST)\b"), ("AMPL", r"^\s*(param|set|var|minimize|maximize|subject\s+to|s\.t\.)\s[^\n]*[;:{]")],
        "Linux Kernel Module",
    ),
    ".moo": ([("Mercury", r"^\s*:-\s*(module|interface)")], "Moocode"),
    ".mc": ([("Win32 Message File", r"(?i)^;?[ \t]*(/\*\s*)?MessageId(Typedef)?\s*="), ("M4", r"^dnl\b|^divert\(|^\w+\(`")], "Monkey C"),
    ".m4": ([("M4Sugar", r"^\s*(AC_|AS_|AM_|AT_|AX_|m4_|_AC_|A[CU]_DEFUN)\w+|\bAC_DEFUN")], "M4"),
    ".mo": ([("Motoko", r"^\s*(persistent\s+)?(actor|module|import\s+[\w{][^\n]*\"|shared|public\s+(func|type))\b")], "Modelica"),
    ".ml": ([("Standard ML", r"^\s*(structure|signature|functor)\s+\w+|^\s*fun\s+\w+[^\n>]*="), ("OCaml", r"^\s*(let\s+(rec\s+|open\s|\(\))|open\s+[A-Z]|module\s+\w+|#use|exception\s+[A-Z]\w*\s+of)|\bmatch\s+[^\n]*\bwith\b|\bfunction\b"), ("Standard ML", r"=>|\bcase\s[^\n]*\bof\b|^\s*(signature|functor)\s")], "OCaml"),
    ".k": ([("KFramework", r"^requires\s+\"|^\s*(syntax\s+[\w{}]+\s*(::=)?|imports\s+[A-Z]|configuration\s*$|rule\s+<)|^endmodule|^module\s+[A-Z]")], "KCL"),
    ".lean": ([("Lean", r"^import\s+[a-z]|\bbegin\s*$|^\s*(constant|meta\s+def)\s"), ("Lean 4", r"^(public\s+)?import\s+[A-Z]|^module\s*$|\bfun\b[^\n]*=>|:= by\b|^\s*(macro|syntax|elab)\b|#eval\b|\bdo\s*$")], "Lean"),
    ".n": ([("Roff", r"^[.'](\\\"|[A-Za-z]{2}\b)")], "Nemerle"),
    ".nr": ([("Roff", r"^\.[A-Za-z\\]")], "Noir"),
    ".nl": ([("NL", r"\A[gb]\d+ ")], "NewLisp"),
    ".ncl": ([("XML", XML), ("Gerber Image", _GERBER), ("Text", r"^THE_TITLE:"), ("Nickel", r"^let(\s+rec)?(\s+[\w{]+|\s*$)|^import\s+\"[^\"\n]+\"|\bstd\.\w+\.|\|\s*(doc|default|String|Number|not_exported)\b|^\{\s*$")], "NCL"),
    ".nas": ([("Assembly", r"(?i)^\s*;|^\s*(segment|section|%include|globaldef|externdef)")], "Nasal"),
    ".q": ([("q", r"^\s*[A-Za-z.][\w.]*:\{|^\\(cd?|d|l|p|ts?)\s|^/|^\.\w+\.\w+:|`\w+"), ("HiveQL", r"(?i)^\s*(select|with|create\s+(external\s+)?table|insert\s+(into|overwrite)|drop\s+table|set\s+hive)\b")], "q"),
    ".cairo": ([("Cairo Zero", r"^\s*(%lang\s|%builtins\s|from\s+[\w.]+\s+import\b|@(external|view|constructor|storage_var)\b|func\s+\w+)|[,;]\s*ap\+\+|\b(call|jmp)\s+(rel|abs)\s")], "Cairo"),
    ".tact": ([("JSON", r"\A\s*\{\s*\"")], "Tact"),
    ".sol": ([("Solidity", r"\bpragma\s+(solidity|abicoder|experimental)\b|^\s*(abstract\s+)?(contract|interface|library)\s+\w+|^\s*(struct|enum|error|function|event)\s+\w+|^import\s+[\"{*]"), ("Gerber Image", _GERBER)], None),
    ".typ": ([("XML", XML)], "Typst"),
    ".res": ([("XML", XML)], "ReScript"),
    ".mojo": ([("XML", XML)], "Mojo"),
    ".pkl": ([("Pickle", r"\A(\x80[\x02-\x05]|[(\]}cIl][\w(\n])")], "Pkl"),
    ".tl": ([("Type Language", r"^---(types|functions)---|^\w[\w.]*(#[0-9a-f]+)?\s[^=\n]*=\s*\w[^\n]*;\s*$")], "Teal"),
    ".tsp": ([("TSPLIB data", r"^(NAME|TYPE|DIMENSION|EDGE_WEIGHT_TYPE|COMMENT)\s*:")], "TypeSpec"),
    ".tst": ([("GAP", r"gap> ")], "Scilab"),
    ".gd": ([("GAP", r"^\s*(Declare\w+|BindGlobal|KeyDependentOperation)\s*\(|^#[#FAVOCMIPR] ")], "GDScript"),
    ".g": ([("G-code", r"^\s*([GM]\d+([ \t]|\r?$)|N\d+\s)"), ("GAP", r"\b(Declare\w+|BindGlobal|Install\w+|SetPackageInfo|LoadPackage|ReadPackage)\s*\(|:=")], "GAP"),
    ".gsc .gsh .csc": ([("GSC", _GSC)], "GSC"),
    ".inc": (
        [
            ("PHP", r"<\?(php|=|\s)"),
            ("HTML", r"\A\s*<[a-zA-Z!/]|^<(div|p|table|ul|a|script|span)\b"),
            ("Motorola 68K Assembly", _M68K),
            ("SourcePawn", r"^\s*(methodmap\s+\w+|public\s+SharedPlugin|MarkNativeAsOptional|#pragma\s+newdecls)|\b__pl_\w+|^\s*(native|forward|stock)\s+(void|bool|int|float|Handle|Action)\s+\w+|#include\s*<(sourcemod|sdktools|cstrike)"),
            ("Pawn", r"^\s*(native|forward|stock)\s+[\w:\[\]]+|^#(tryinclude|pragma\s+library|include\s*<(a_samp|core|float|amxmodx))"),
            ("NASL", r"^\s*include\s*\(\s*['\"][^\n]*\.(nasl|inc)['\"]\s*\)\s*;|^\s*(global|local)_var\s|^\s*function\s+\w+\s*\([\w\s,]*\)\s*\{?\s*$|\bNASL\b"),
            ("POV-Ray SDL", r"^\s*#\s*(declare|local|macro|while|version)\s+[\w(]"),
            ("BitBake", r"^(inherit|require)\s+[\w./${}-]+|^[A-Z][\w${}:-]*\s*(\?\??|\+|\.|:)?=\s*\"|^do_\w+\s*(:\w+)?\s*\("),
            ("Pascal", r"(?i)^\s*(\{\$\w+|procedure\s+\w+[^\n]*;|function\s+[\w.]+[^\n]*:\s*\w+;|unit\s+\w+;)|^\s*end[.;]\s*$"),
            ("SQL", r"(?i)^\s*(select\s|insert\s+into|create\s+(table|view|index)|drop\s+table|alter\s+table|--)"),
            ("Assembly", r"(?i)^\s*(section|segment|global|extern|%macro|push|bis|nop|ret)\s[^;{}]*$|^\s*mov[ \t]+[#@\w]+,\s*\[?\w+|^\s*;"),
            ("C++", r"^\s*#\s*(include|define|if|ifdef|ifndef|undef|pragma)\b|^\s*//|/\*|\bstd::|;\s*$"),
            ("Assembly", _ASM + r"|^\s*;|^\s*\.\w+\s"),
        ],
        "C++",
    ),
    ".sql": (
        [
            ("PLpgSQL", r"(?i)\blanguage\s+'?plpgsql\b|\$\$\s*(declare|begin)\b|^\\(i|connect|set|echo)\b|\bas\s+\$\w*\$"),
            ("SQLPL", r"(?i)\bmode\s+db2sql\b|\bsys(cat|proc|ibm)\.|\bend\s*!\s*$|\balter\s+module\b|result_set_locator|\bcurrent\s+timestamp\s*\+"),
            ("PLSQL", r"(?i)\bcreate\s+(or\s+replace\s+)?(editionable\s+)?(package|type\s+body)\b|\bdbms_\w+\.|\bpragma\s+autonomous_transaction\b|\bauthid\s+(definer|current_user)|\$\$plsql_|\bconnect\s+by\b|%(row)?type\b|\bsystimestamp\b|\bxmltype\b"
                r"|\.nextval\b|\bconstructor\s+function\b|^\s*/\s*\n\s*(create|begin|show)\b|\bset\s+serveroutput\b"),
            ("TSQL", r"(?i)^\s*go\s*;?\s*$|\bdeclare\s+@\w+|\bset\s+(nocount|quoted_identifier|ansi_nulls|identity_insert)\b|\[dbo\]\.|\bbegin\s+(try|catch)\b|\boutput\s+inserted\b|\bcreate\s+proc(edure)?\s+[\w.\[\]]+\s+@|\bexec(ute)?\s+sp_\w+|\bnvarchar\s*\(\s*max\s*\)"),
        ],
        "SQL",
    ),
    ".ddl": ([("PLSQL", r"(?i)\bvarchar2\s*\(")], "SQL"),
    ".prc": ([("PLSQL", r"(?i)\bvarchar2\b|\bdbms_\w+\.|\bcreate\s+or\s+replace\b")], "SQL"),
    ".pc": ([("Pro*C", r"(?i)\bEXEC\s+SQL\b")], "pkg-config"),
    # Fortran, Forth, assembly
    ".f": ([("Forth", r"^: \S"), ("Filebench WML", r"\bflowop\b")], "Fortran"),
    ".for": ([("Forth", r"^: \S"), ("Fortran", r"(?i)^[ \t]*(subroutine|program|function|end|integer|real|common|implicit|block\s*data)\b|^[c*!]")], "Formatted"),
    ".fpp": ([("FPP", r"^\s*(active|passive|queued)\s+component\s|^\s*(module|topology|struct|enum|port|interface)\s+\w+\s*\{|^\s*instance\s+\w+\s*:")], "Fortran"),
    ".fr": ([("Forth", r"^(: |\\ |also |previous |new-device)"), ("Frege", r"^\s*(import|module|package|data|type|infix[lr]?)\s")], "Text"),
    ".s": ([("Unix Assembly", r"(?i)^\s*\.(text|data|globa?l|section|align|p2align|type|file|macro|word|ascii|asciz|code|syntax|arch|cpu)\b|\bmov[lqwb]?\s+[%$]|^\s*#\s*(include|define|ifdef|ifndef|if)\b"), ("Motorola 68K Assembly", _M68K)], "Assembly"),
    ".asm": ([("Motorola 68K Assembly", _M68K)], "Assembly"),
    ".i": ([("Motorola 68K Assembly", _M68K), ("SWIG", r"^\s*%(module|include|import|extend|inline|template|typemap|feature|ignore|rename|define|\{|\})"), ("Assembly", _ASM)], "SWIG"),
    # Lisps
    ".l": ([("Roff", _ROFF), ("Lex", r"^(%%|%\{|%option|%x|%s)|^<\w+>"), ("Common Lisp", r"(?i)^\s*\((defun|defmacro|defvar|in-package|defpackage)\s"), ("PicoLisp", r"^\((de|class|rel|code|data|must|load|setq|scl|dm)\s")], "Common Lisp"),
    ".lisp .lsp": ([("Common Lisp", r"(?i)^\s*\((defun|in-package|defpackage|defmacro|defvar|defparameter|asdf)\b"), ("NewLisp", r"\A#!.*newlisp|^\s*\((define|context|module|constant)\s")], "Common Lisp"),
    ".scm": ([("Tree-sitter Query", r"\(#[\w-]+[?!]|[)\]]\s*[*+?]?\s*@[\w.-]+"), ("Scheme", r"^\s*\((define|define-\w+|import|library|let\*?|use-modules|module|set!|load|require)\b|\A#!"), ("Tree-sitter Query", r"\(#[\w-]+[?!]|[)\]\"]\s*@[\w.-]+|^\s*\w+:\s*\(")], "Scheme"),
    ".sch": ([("Eagle", r"<!DOCTYPE eagle|<eagle\b"), ("KiCad Schematic", r"\A(EESchema|\(kicad_sch|v \d{8} \d)"), ("XML", XML)], "Scheme"),
    ".brd": ([("Eagle", r"<!DOCTYPE eagle|<eagle\b")], "KiCad Legacy Layout"),
    # markup, data, tools
    ".pp": ([("Pascal", r"(?i)^\s*(program|unit|uses|interface|implementation)\b|^\s*\{\$|^\s*end[.;]"), ("Puppet", r"^\s+\w+\s+=>\s|^\s*(class|define|node)\s+[\w:'\"]+")], "Puppet"),
    ".pro": (
        [
            ("Proguard", r"^\s*-(keep\w*|dont\w+|optimizations|assumenosideeffects|include\s)"),
            ("QMake", r"^\s*(SOURCES|HEADERS|QT|TEMPLATE|CONFIG|TARGET|SUBDIRS|INCLUDEPATH|LIBS|FORMS|RESOURCES|DEFINES|QMAKE_\w+)\s*[-+*~]?=|^include\([^\n]*\.pri\)"),
            ("Prolog", _PROLOG),
            ("IDL", r"(?i)^\s*(function|pro|compile_opt)\s+\w|^\s*;"),
            ("Proguard", r"\A(\s*#[^\n]*\n)+\s*\z"),
            ("INI", r"^\s*\[[\w ]+\]\s*$|^last_client="),
        ],
        "IDL",
    ),
    ".md": ([("GCC Machine Description", r"^\(define_(insn|expand|attr|peephole|mode|split|constants|automaton|predicate)")], "Markdown"),
    ".html": ([("Ecmarkup", r"<emu-(alg|clause|intro|annex|grammar|note|xref|table|biblio)\b")], "HTML"),
    ".txt": (
        [("Adblock Filter List", r"(?i)\A\W{0,3}\[\s*(adblock|ublock|adguard)")],
        "Text",
    ),
    ".json": ([("OASv3-json", r"\"openapi\"\s*:\s*\"3\."), ("OASv2-json", r"\"swagger\"\s*:\s*\"2\.")], "JSON"),
    ".yaml .yml": ([("OASv3-yaml", r"^openapi:\s*['\"]?3\."), ("OASv2-yaml", r"^swagger:\s*['\"]?2\."), ("YAML", r"^---"), ("MiniYAML", r"^\t+[^\n:]*[^\s:][^\n:]*:")], "YAML"),
    ".yy": ([("JSON", r"\A\s*[{\[]")], "Yacc"),
    ".properties": ([("INI", r"^\s*[;\[]"), ("Java Properties", r"^\s*[#!]|^[\w.-]*\.[\w.-]*\s*=|^[^#!=\n]*:"), ("INI", r"^[^#!;=\n]+=")], "Java Properties"),
    ".cfg": ([("HAProxy", r"^(frontend|backend|listen|defaults)\b")], "INI"),
    ".tpl": ([("Go Template", r"\{\{-?\s*(/\*|define|if|range|with|template|include|\.\w|\$\w|end|printf|else)"), ("Smarty", r"\{(\*|\$|include|foreach|if |/|block|extends)")], "Smarty"),
    ".service .socket .timer .mount .container": ([("INI", r"^\[\w[\w -]*\]\s*$")], "INI"),
    ".network .target": ([("INI", r"^\[\w[\w -]*\]\s*$")], None),
    ".st": ([("Smalltalk", r"\A\W{0,3}('From|\"|Object|[A-Z]\w*\s+(subclass|extend|class)\b)|^\s*\|[\w ]+\||\bself\s+\w+|:=\s|subclass:|>>|^!\w|ifTrue:|\]\s*value\b|<script>\s+\w+ new"), ("StringTemplate", r"\$\w+[\w.()]*\$|\$[\w.]+\(|<\w+(\.\w+)*>|^delimiters\s|::=")], "Smalltalk"),
    ".asc": ([("Public Key", r"^(-----? ?BEGIN|ssh-(rsa|dss|ed25519))"), ("AsciiDoc", r"^=+\s+\S|^----|^\[\w+|^:\w+:|^image::"), ("AGS Script", r"^\s*((import|export|static)\s+)?(function|int|float|char|struct|enum|void|String)\s+\w+|^//")], "AsciiDoc"),
    ".nb": ([("Wolfram Language", r"\(\*|Notebook\[")], "Text"),
    ".plist": ([("XML Property List", r"\A\W{0,3}\s*<(\?xml|!DOCTYPE\s+plist|plist)\b")], "OpenStep Property List"),
    ".toc": ([("World of Warcraft Addon Data", r"^## ?\S|@no-lib-strip@|^\w[\w\\/]*\.(lua|xml)\s*$")], "TeX"),
    ".vcf": ([("vCard", r"(?i)\ABEGIN:VCARD")], "TSV"),
    ".x": (
        [("DirectX 3D File", r"\Axof "), ("Logos", r"^\s*%(hook|end|ctor|group|new|orig|log|init|subclass)\b|^#import\s"), ("Linker Script", r"\b(OUTPUT_(ARCH|FORMAT)|ENTRY)\s*\(|^\s*(SECTIONS|MEMORY|PHDRS)\b"), ("RPC", r"^\s*(program\s+\w+\s*\{?|version\s+\w+\s*\{|struct\s+\w+\s*\{|union\s+\w+\s+switch|const\s+\w+\s*=|typedef\s|enum\s+\w+\s*\{)|^%")],
        "Logos",
    ),
    ".gml": ([("XML", XML + r"|\A\s*<"), ("Gerber Image", _GERBER), ("Graph Modeling Language", r"(?i)^\s*(graph|node)\s*\[?\s*$|^\s*Creator\s+\"")], "Game Maker Language"),
    ".cmp": ([("Gerber Image", _GERBER)], None),
    ".ftl": ([("FreeMarker", r"</?[#@]|\$\{[^}\n]*\}|^\s*\[#"), ("Fluent", r"^-?[A-Za-z][\w-]*\s*=")], "FreeMarker"),
    ".mask": ([("Unity3D Asset", r"tag:unity3d\.com")], "Mask"),
    ".msg": ([("OMNeT++ MSG", r"^\s*(cplusplus|namespace\s+[\w.:]+;|(struct|message|packet|class|enum)\s+\w+|import\s+[\w.]+;)"), ("ROS Interface", r"^([A-Za-z]\w*/)?[A-Za-z]\w*(<=\d+)?(\[(<=)?\d*\])?[ \t]+[A-Za-z]\w*([ \t=#]|\r?$)")], None),
    ".action .srv": ([("ROS Interface", r"^---\s*$")], None),
    ".odin": ([("Object Data Instance Notation", r"(^|<)\s*\w+\s*=\s*<")], "Odin"),
    ".pbt": ([("Protocol Buffer Text Format", r"\A(\s*#[^\n]*\n)*\s*[A-Z]\w*(\s*:\s*[\w\"]|\s*\{)")], "PowerBuilder"),
    ".mps": ([("Mathematical Programming System", r"(?i)^(NAME\b|ROWS|COLUMNS|RHS)\s*|^\*")], "JetBrains MPS"),
    ".rno": ([("Roff", r"^\.\\\"")], "RUNOFF"),
    ".srt": ([("SubRip Text", r"^\d\d:\d\d:\d\d,\d{3}\s*-->")], "SRecode Template"),
    ".svx": ([("Survex data", r"\A\s*(;|\*\w)|^\*(begin|data|equate|units|calibrate|end)\b")], "mdsvex"),
    ".dsp": ([("Microsoft Developer Studio Project", r"Microsoft Developer Studio (Generated Build|Project) File")], "Faust"),
    ".dsc": ([("Debian Package Control File", r"^(Format|Source|Binary|Maintainer|Standards-Version):\s")], "DenizenScript"),
    ".cue": ([("Cue Sheet", r"^\s*(TRACK\s+\d+|FILE\s+\"[^\n]*\"\s+\w+|INDEX\s+\d\d\s|REM\s+\w+|PERFORMER\s+\")")], "CUE"),
    ".bst": ([("BibTeX Style", r"^\s*(ENTRY|FUNCTION|INTEGERS|STRINGS|MACRO)\s*\{")], "BuildStream"),
    ".asy": ([("LTspice Symbol", r"^(SymbolType|Version)[ \t]+\w")], "Asymptote"),
    ".vhost": ([("Nginx", r"^\s*(server\s*\{|location\s+\S+|listen\s+[\d\[]|upstream\s+\w+)")], "ApacheConf"),
    ".csl": ([("XML", XML), ("Kusto", r"^\|\s*(where|extend|project|limit|summarize|take)\b|^\.\w+")], "XML"),
    ".pluginspec": ([("XML", XML + r"|\A\s*<plugin\b")], "Ruby"),
    ".sip": ([("SIP", r"^\s*%(Module|Import|Include|TypeHeaderCode|MethodCode|End)\b")], "Quartus Simulation IP"),
    ".resource": ([("RobotFramework", r"^\*{3} *(Settings|Variables|Keywords) *\*{3}")], None),
    ".tag": ([("Java Server Pages", r"<%[@!=\s]?\s*(taglib|tag|include|attribute|variable)\s")], None),
    ".url": ([("INI", r"^\[InternetShortcut\]")], None),
    ".stl": ([("STL", r"\A\s*solid\b")], None),
    ".alg": ([("ALGOL", r"(?i)^\s*['\"]?(begin|comment|integer|real|boolean|procedure|proc)\b")], None),
    ".workflow": ([("XML", XML)], "HCL"),
    ".1in .1m .1x .3in .3m .3p .3pm .3qt .3x .man .mdoc": ([("Roff", r"^'\.Dt"), ("Roff Manpage", _MANPAGE)], "Roff"),
    ".1 .2 .3 .4 .5 .6 .7 .8 .9": ([("Roff Manpage", _MANPAGE), ("Roff", _ROFF)], None),
}  # fmt: skip

SIGNS: dict[str, tuple[Signs, str | None]] = {
    extension: ([(language, f"(?m){sign}") for language, sign in signs], default)
    for extensions, (signs, default) in _RULES.items()
    for extension in extensions.split()
}
"""Extension -> (signs, language without a sign). `foo.1` is a manual page only where it looks like one."""

NAMES: dict[str, tuple[Signs, str | None]] = {
    ".eslintrc": ([("YAML", f"(?m){_YAML}")], "JSON with Comments"),
    ".releaserc": ([("YAML", f"(?m){_YAML}")], "JSON"),
    "hosts": ([("INI", r"(?m)^\s*\[[\w.:-]+\]\s*$")], "Hosts File"),
    "HOSTS": ([("INI", r"(?m)^\s*\[[\w.:-]+\]\s*$")], "Hosts File"),
}
"""The same for whole file names that two languages share."""
