"""What files say of themselves: the oracles are REUSE's specification for SPDX lines and the planted headers."""

from __future__ import annotations

import pyarrow as pa
import pytest

from neve.corpus.licenses import own_statements
from neve.corpus.licenses.spdx import UNREAD

MARK = b"SPDX-License-Identifier:"  # in two parts below, since this very file is no such file
GPL = "{0} This program is free software; you can redistribute it and/or modify\n{0} it under the terms of the GNU General Public License as published by\n{0} the Free Software Foundation; either version 2 of the License, or\n{0} (at your option) any later version.\n"


def said(*texts: bytes | None) -> list[str | None]:
    found = own_statements.statements(pa.array(texts, pa.large_binary()))
    return [found[row][0].license if row in found else None for row in range(len(texts))]


@pytest.mark.parametrize(
    ("before", "after", "spdx"),
    [
        (b"# ", b" MIT\n", "MIT"), (b"#!/bin/sh\n\n# ", b" MIT OR Apache-2.0\r\n", "MIT OR Apache-2.0"), (b"/* ", b" GPL-2.0 */", "GPL-2.0-only"),
        (b"// ", b"GPL-2.0+\n", "GPL-2.0-or-later"), (b"<!-- ", b" CC-BY-4.0 -->", "CC-BY-4.0"), (b"-- ", b" (MIT AND ISC)\n", "MIT AND ISC"),
        (b" * ", b" GPL-2.0 WITH Linux-syscall-note\n", "GPL-2.0-only WITH Linux-syscall-note"), (b"dnl ", b" FSFAP\n", "FSFAP"),
        (b'" ', b" Vim\n", "Vim"), (b"\xff\n;;; ", b" ISC\n", "ISC"), (b"# ", b" Proprietary\n", "LicenseRef-Proprietary"),
        (b"# ", b" see the file LICENSE\n", None), (b"# ", b" <identifier>\n", None), (b'x = "', b' MIT"\n', None), (b"print('", b" MIT')\n", None),
        (b"x = 1  # ", b" MIT\n", "MIT"), (b"C     ", b" MIT\n", "MIT"), (b"'", b" MIT\n", "MIT"), (b"+ ", b" MIT\n", "MIT"), (b"*> ", b" MIT\n", "MIT"), (b"x = '# ", b" MIT'\n", None),
        (b"the line ", b" MIT\n", None), (b"x\n" * 9000 + b"# ", b" MIT\n", "MIT"), (b"# REUSE-IgnoreStart\n# ", b" MIT\n# REUSE-IgnoreEnd\n", None), (b"", b"", None),
    ],
)  # fmt: skip
def test_a_files_own_line(before: bytes, after: bytes, spdx: str | None) -> None:
    assert said(before + MARK + after, None) == [spdx, None]


def test_several_lines_all_hold_and_a_snippet_has_its_own() -> None:
    assert said(b"# " + MARK + b" MIT\n# " + MARK + b" GPL-3.0-only\n# " + MARK + b" MIT\n") == [
        "MIT AND GPL-3.0-only"
    ]
    snippet = b"x = 1\n" * 3000 + b"# SPDX-SnippetBegin\n# " + MARK + b" GPL-2.0-only\n# SPDX-SnippetEnd\n"
    assert said(b"# " + MARK + b" MIT\n" + snippet) == ["MIT AND GPL-2.0-only"]
    assert said(b"# " + MARK + b" MIT\n" + GPL.format("#").encode()) == ["MIT"]


@pytest.mark.parametrize("mark", ["#", "//", " *", ";;", "--", "%", "dnl", "'", "!", "rem", '.\\"'])
def test_a_notice_counts_in_the_comments_of_any_language(mark: str) -> None:
    head = GPL.format(mark)
    assert said((f"/*\n{head} */" if mark == " *" else head).encode()) == ["GPL-2.0-or-later"]
    assert said(("x = 1\n" * 20 + ("/*\n" if mark == " *" else "") + head).encode()) == ["GPL-2.0-or-later"]


CLAIM = "// Copyright (c) 2020 Acme, Inc.\n//\n"
FORBIDS = [
    CLAIM + "// THIS IS UNPUBLISHED PROPRIETARY SOURCE CODE OF ACME", CLAIM + "// ACME CONFIDENTIAL\n// The source code contained herein is owned by Acme.", CLAIM + "// Acme Technologies, Inc. Proprietary",
    "// 本文件为公司内部机密，禁止外传", "// 版权所有，仅供学习交流", "// Все права защищены. Копирование без разрешения запрещено.", "// Tutti i diritti riservati. Vietata la riproduzione.",
    "// Todos os direitos reservados. É proibida a cópia deste arquivo.", "// 이 소스 코드는 아크메의 영업비밀이며 무단 복제를 금합니다.", "// Wszelkie prawa zastrzeżone. Kopiowanie zabronione.", "// Tüm hakları saklıdır. İzinsiz kopyalanamaz.",
    "// Copying of this file, via any medium, is strictly prohibited", "# You may use this software for academic research only.", "* Not to be redistributed.", "// Alle rechten voorbehouden. Mag niet worden verspreid.",
    "// This source code is provided for reference only.", CLAIM + "// Evaluation only.", "# Shared solely for review. (c) Acme", "// This software is source-available; it may not be used in production without a licence.",
    "// Všechna práva vyhrazena. Kopírování je zakázáno. © Acme", "// © Acme. Nghiêm cấm sao chép.", "// Усі права захищені. Копіювання заборонено.", "// (C) Acme. Please ask me before using this code.",
]  # fmt: skip
FOREIGN = {
    "// 您可以按照自由软件基金会发布的GNU通用公共许可证（第2版）修改它。": "GPL-2.0-only", "// GNU 一般公衆利用許諾書の定める条件の下で再頒布することができます。": "GPL-3.0-only",
    "// на условиях Стандартной общественной лицензии GNU версии 2": "GPL-2.0-only", "// sob os termos da Licença Pública Geral GNU, versão 2": "GPL-2.0-only",
    "// secondo i termini della Licenza Pubblica Generica GNU; versione 2": "GPL-2.0-only", "// Lizenz: GPL-2.0": "GPL-2.0-only", "// under the GNU Public License": "GPL-3.0-only",
    "// You can use this under CC BY-SA 3.0": "CC-BY-SA-3.0", "// spdx-license-identifier : AGPL-3.0-only": "AGPL-3.0-only",
}  # fmt: skip
NO_NOTICE = [
    "// The line numbers are for reference only.", "// This pointer is only for reference counting.", "# Must not be used in production.", "// Source available at the address below.",
    "// This file must not be modified by hand; generated.", "// This module may not be used in the browser.", "// This function is for internal use only.\n// It is forbidden to call it twice.",
    "// prohibited characters in a path", "// OAuth: Confidential clients keep a secret.", "// 禁止修改 license", "# проверка лицензии пользователя", "// Only for evaluation of the score. License plates.",
    CLAIM + "// Use of the flag is prohibited in tests. See the license.",
]  # fmt: skip


def test_what_forbids_and_what_does_not_in_any_language() -> None:
    """Each planted by hand; a claim in the paragraph before is this file's."""
    assert said(*(f"{text}\nint x;\n".encode() for text in FORBIDS)) == ["LicenseRef-Proprietary"] * len(
        FORBIDS
    )
    assert said(*(f"{text}\nint x;\n".encode() for text in FOREIGN)) == list(FOREIGN.values())
    assert said(*(f"{text}\nint x;\n".encode() for text in NO_NOTICE)) == [None] * len(NO_NOTICE)


def test_where_a_notice_does_not_count() -> None:
    text = GPL.format("").encode()
    assert (
        said(
            b"HEAD = '''\n" + text + b"'''\n",
            b"x\n" * 9000 + GPL.format("#").encode(),
            b"int a; // under the GPL\n",
        )
        == [None] * 3
    )
    assert said(b'"""' + text + b'"""\nimport a\n') == ["GPL-2.0-or-later"]
    assert said(b'__license__ = "AGPL-3.0"\n', b"# Proprietary and confidential: this file is ours.\n") == ["AGPL-3.0-only", "LicenseRef-Proprietary"]  # fmt: skip


def test_utf_16_is_read() -> None:
    assert said(("\ufeff" + GPL.format("//") + "int a;\n").encode("utf-16-le"), ("\ufeff# " + MARK.decode() + " ISC\n").encode("utf-16-be")) == ["GPL-2.0-or-later", "ISC"]  # fmt: skip


def test_a_given_licence_gives_way_to_the_files_own() -> None:
    texts = pa.array([GPL.format("#").encode(), b"x = 1\n", b"# Licensed under the Acme License.\n", b"# Copyright 2020 Acme. All rights reserved.\n"], pa.large_binary())  # fmt: skip
    license, own = own_statements.overriding(pa.array(["MIT", "ISC", "MIT", None], pa.string()), texts)
    assert license.to_pylist() == ["GPL-2.0-or-later", "ISC", None, None]
    assert own.to_pylist() == [True, False, True, False]
    assert own_statements.statements(texts)[2][0].license == UNREAD


ISC_TEXT = """/*
 * Copyright (c) 2007 Someone <someone@mail.example>
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF MIND, USE, DATA OR PROFITS, WHETHER
 * IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING
 * OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */
int a;
"""


def test_a_text_that_never_says_licence() -> None:
    assert said(ISC_TEXT.encode()) == ["ISC"]


def test_a_mark_within_a_line_and_a_sentence_after_a_field() -> None:
    """As comments look after they were filled again; a tag that goes on."""
    mit = 'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions rem of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.'
    assert said(f"rem Copyright (c) 2023 Us\nrem\nrem {mit}\n\nselect 1;\n".encode()) == ["MIT"]
    assert said(
        b"/**\n * @license MIT License. See file header.\n */\n", b"// License: GPL v. 2. See COPYING.\n"
    ) == ["MIT", "GPL-2.0-only"]
    assert said(b"# License: GPLv3+\n", b"/* License: LGPL-2.1+ */\n") == [
        "GPL-3.0-or-later",
        "LGPL-2.1-or-later",
    ]


def test_what_a_module_tells_the_kernel() -> None:
    """Oracle: the kernel's own list of its words (include/linux/module.h); its line of SPDX and its notice come first."""
    code = b"#include <x.h>\n" + b"int x(void);\n" * 3000
    told = {
        b'MODULE_LICENSE("GPL");': "GPL-2.0-only", b'MODULE_LICENSE("GPL v2");': "GPL-2.0-only", b'MODULE_LICENSE("GPL and additional rights");': "GPL-2.0-only",
        b'MODULE_LICENSE("Dual BSD/GPL");': "BSD-3-Clause OR GPL-2.0-only", b' MODULE_LICENSE( "Proprietary" );': "LicenseRef-Proprietary", b'MODULE_LICENSE("Acme");': UNREAD,
        b'char _license[] SEC("license") = "GPL";': "GPL-2.0-only", b'const char L[] __attribute__((section("license"), used)) = "Dual MIT/GPL";': "MIT OR GPL-2.0-only",
        b'module! {\n    type: Sums,\n    license: "GPL v2",\n}': "GPL-2.0-only", b"// Licensed under the MIT license.\nMODULE_LICENSE(\"GPL\");": "MIT",
        b"/* " + MARK + b' MIT */\nMODULE_LICENSE("GPL");': "MIT", b' * MODULE_LICENSE("GPL");': None, b"#define MODULE_LICENSE(x) TAG(x)": None,
        b'x = "MODULE_LICENSE(\'GPL\')"': None, b'if d.get("license") == "GPL": x = 1': None, b'Package { license: "GPL" }': None,
    }  # fmt: skip
    assert said(*(text + b"\n" for text in told)) == list(told.values())
    assert said(code + b'MODULE_LICENSE("GPL");\n') == ["GPL-2.0-only"]


def test_a_licence_in_brackets_behind_what_was_taken() -> None:
    """Each planted by hand. What is permissive in brackets grants nothing, since the rest of the file may be another's."""
    told = {
        "# https://stackoverflow.com/a/12 [CC BY-SA 4.0]": "CC-BY-SA-4.0", "// from https://example.org/q/1 (CC-BY-SA-3.0)": "CC-BY-SA-3.0", "/* Data of Wikipedia (CC BY-SA 3.0) */": "CC-BY-SA-3.0",
        "// Retrieved 2025-11-06, License - CC BY-SA 4.0": "CC-BY-SA-4.0", "# https://superuser.com/a/1 - cc by-sa 4.0": "CC-BY-SA-4.0", "# see https://x.example/a (https://creativecommons.org/licenses/by-nc-sa/3.0/)": "CC-BY-NC-SA-3.0",
        "// Noise by A. B., https://shaders.example/v/12 [CC BY-NC-SA 3.0]": "CC-BY-NC-SA-3.0", "# based on sums.c by A. B. (GPL)": "GPL-3.0-only", "# borrowed from glibc (LGPL)": "LGPL-3.0-only",
        "# Adapted from https://git.example/a/b [under the MPL 2.0]": "MPL-2.0", "// License Creative Commons Attribution-NonCommercial-ShareAlike 3.0 Unported License.": "CC-BY-NC-SA-3.0",
        "# Needs libsums (LGPL) and requests (Apache-2.0)": None, "# Icons: https://icons.example (CC BY 4.0)": None, "# https://git.example/a/b [MIT]": None, "# Not compatible with CC BY-SA 4.0": None,
    }  # fmt: skip
    assert said(*(f"{text}\nx = 1;\n".encode() for text in told)) == list(told.values())
