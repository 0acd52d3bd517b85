"""Notices in prose: the oracle is what each header, of the kinds that projects use, says to its reader."""

from __future__ import annotations

import pytest

from neve.corpus.licenses import notice_patterns, notices
from neve.corpus.licenses.spdx import PROPRIETARY, PUBLIC_DOMAIN, UNREAD

GPL = """This file is part of Sums.
Sums is free software: you can redistribute it and/or modify it under
the terms of the GNU General Public License as published by the Free
Software Foundation, either version 3 of the License, or (at your option)
any later version.
See the GNU General Public License for more details."""
LGPL = """This library is free software; you can redistribute it and/or
modify it under the terms of the GNU Lesser General Public
License version 2.1 as published by the Free Software Foundation.
See the GNU Lesser General Public License for more details."""
APACHE = """Copyright 2024 Acme Ltd
Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at
    http://www.apache.org/licenses/LICENSE-2.0"""
LIBTOOL = """As a special exception to the GNU General Public License,
if you distribute this file as part of a program or library that
is built using GNU Libtool, you may include this file under the
same distribution terms that you use for the rest of that program."""
BISON = """As a special exception, you may create a larger work that contains
part or all of the Bison parser skeleton and distribute that work
under terms of your choice, so long as that work isn't itself a
parser generator."""
DUAL = """This file is dual licensed under the terms of the MIT license
<https://opensource.org/license/MIT>, and GPL version 2 or later
<http://www.gnu.org/licenses/gpl-2.0.html>. You must apply one of
these licenses when using or redistributing this software."""
BSD = """Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this
   list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice,
   this list of conditions and the following disclaimer in the documentation
   and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND
ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED
WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR
ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON
ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE."""


@pytest.mark.parametrize(
    ("text", "license"),
    [
        (GPL, "GPL-3.0-or-later"), (LGPL, "LGPL-2.1-only"), (APACHE, "Apache-2.0"), (BSD, "BSD-2-Clause"),
        ("You can use this file under version 3 of the GNU Affero General Public License.", "AGPL-3.0-only"),
        ("This Source Code Form is subject to the terms of the Mozilla Public\nLicense, v. 2.0. If a copy of the MPL was not distributed with this\nfile, You can obtain one at http://mozilla.org/MPL/2.0/.", "MPL-2.0"),
        ("@license Angular\n(c) 2010 Acme.\nLicense: MIT", "MIT"), ("@license Angular", UNREAD), ("License: Same as ZLIB (www.gzip.org)", "Zlib"), ("License: Same license as the MIT", "MIT"), ("License: Free for any use", "LicenseRef-Permissive"),
        ("Licensed under the SGI Free Software B License Version\n2.0. For details, see the site.", "SGI-B-2.0"), ("Licensed under the Acme Free Software B License Version 2.0.", UNREAD),
        ("To the extent possible under law, the author has dedicated all copyright\nand related and neighboring rights to this software to the public domain\nworldwide.", PUBLIC_DOMAIN),
        ("This module is for internal use only. Do not use it\nin your own code.", None), ("This code is for internal use only.", PROPRIETARY),
        ("This file must not be used as an ordinary header.", None), ("This file must not be used outside of Acme.", PROPRIETARY),
        ("Licensed under the MIT License.", "MIT"), ("Released under the MIT licence", "MIT"), ("@license AGPL-3.0", "AGPL-3.0-only"), ("License: GPLv2 or later\nText Domain: x", "GPL-2.0-or-later"),
        ("GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)", "GPL-3.0-or-later"),
        ("License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).", "AGPL-3.0-or-later"), ("Dual licensed under the MIT and GPL licenses.", "MIT OR GPL-3.0-only"),
        ("License: MIT OR GPL-3.0-or-later", "MIT OR GPL-3.0-or-later"), ("@license GPL-2.0-only OR MIT", "GPL-2.0-only OR MIT"), ("License: MIT OR GPL-2.0\nThis is free software under the terms of the GNU General Public License, version 3.", "GPL-3.0-only AND (MIT OR GPL-2.0-only)"),
        ("@license Sums\nCopyright Acme.\nThis source code is licensed under the MIT license found in the\nLICENSE file.", "MIT"), ("Released under CC0.", "CC0-1.0"), ("This code is licensed under the Sums 2 Community License.", UNREAD), ("Licensed under the OpenSums-M license", UNREAD),
        ("You may not use this file for commercial purposes.", PROPRIETARY), ("Permission is granted to use this for evaluation purposes only.", PROPRIETARY), ("Redistribution of this file is not permitted.", PROPRIETARY), ("(C) Acme. Free for non-profit use.", PROPRIETARY),
        ("Copyright Acme. Customers may use this file under their agreement with Acme.", PROPRIETARY), ("Redistribution is not permitted by the protocol.", None), ("Licensed under the same license as sums.", None),
        ("Licensed under the Apache License, Version 2.0 <LICENSE-APACHE> or the MIT license\n<LICENSE-MIT>, at your option. This file may not be copied\nexcept according to those terms.", "Apache-2.0 OR MIT"),
        ("Licensed under both the BSD-style license (found in the\nLICENSE file) and the GPLv2 (found in the COPYING file).\nYou may select, at your option, one of the above-listed licenses.", "GPL-2.0-only OR BSD-3-Clause"),
        ("Licensed under both the BSD-style license and the GPLv2.", "GPL-2.0-only AND BSD-3-Clause"),
        ("Licensed under the MIT License.\nPortions are derived from Sums, under the GPLv2 license.", "MIT AND GPL-2.0-only"),
        ("or more contributor license agreements. Licensed under the Elastic License;\nyou may not use this file except in compliance with it.", "Elastic-2.0"),
        ("This library is free software; you may use it under the same terms as Perl itself.", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
        ("This code is in the public domain.", PUBLIC_DOMAIN), ("Permission to use, copy, modify, and distribute this\nsoftware is freely granted, provided that this notice\nis preserved.", "SunPro"),
        ("This file is licensed under the Acme License.", UNREAD), ("Use of this file is governed by the Acme Software License included in /LICENSE.", UNREAD),
        ("This file is licensed under the Acme License.\nIt contains code that is under the PostgreSQL License.", "NOASSERTION AND PostgreSQL"),
        ("Permission is hereby granted, free of charge, for use on Acme chips only.", UNREAD),
        ("Copyright Acme. Proprietary and confidential.", PROPRIETARY), ("Unauthorized copying of this file, via any medium, is strictly prohibited.", PROPRIETARY),
        ("CONFIDENTIAL - this file is the property of Acme", PROPRIETARY), ("This source code is a trade secret of Acme.", PROPRIETARY), ("Do not distribute. Internal use only.", PROPRIETARY),
        ("Copyright Acme. No part of this file may be reproduced.", PROPRIETARY), ("Copyright Acme. For academic use only.", PROPRIETARY),
        ("This file is part of Sums.\n" + GPL.replace("This file is part of Sums.", ""), "GPL-3.0-or-later"), ("Returns whether permission is granted to read it.", None), ("severity WHERE type = 'LICENSE_EXPIRY_WARNING'", None),
        ("License:\n\nSee end of file for license information.", None), ("Internal use only (for the admin portal)", None),
        ("Permission is granted to anyone to use this software for any purpose,\nincluding commercial applications, and to alter it and redistribute it\nfreely.", "Zlib"),
        ("Permission is granted to anyone to use this software for any purpose,\nincluding commercial applications, and to alter it and redistribute it\nfreely, unless they sell it.", UNREAD),
        ("This Source Code Form is subject to the terms of the MPL 2.0.", "MPL-2.0"), ("Available under CDDL-1.0 and nothing else.", "CDDL-1.0"), ("Sent under the PL 1 header.", None),
        ("Ce programme est un logiciel libre ; vous pouvez le redistribuer conformément à la\nLicence Publique Générale GNU, version 2 de la licence.", "GPL-2.0-only"),
        ("Este programa es software libre bajo la Licencia Pública General de GNU, versión 3.", "GPL-3.0-only"),
        ("版权所有 (c) Acme 公司。机密信息，未经许可不得复制或传播。", PROPRIETARY), ("株式会社Acme 社外秘。無断転載を禁じます。", PROPRIETARY),
        ("Copyright Acme. Todos los derechos reservados. Confidencial. Prohibida su reproducción.", PROPRIETARY), ("El cliente es confidencial o público.", None),
        ("Copyright Acme GmbH. Vertraulich. Weitergabe und Vervielfältigung sind nicht gestattet.", PROPRIETARY), ("Copyright Acme. Reproduction même partielle interdite.", PROPRIETARY),
        ("ACME INTERNAL - not to be shared outside the company", PROPRIETARY),
        (APACHE.partition("\n")[2], UNREAD), (APACHE.partition("\n")[2] + "\nSee the License for the specific language governing permissions.", "Apache-2.0"),
        ("ORACLE PROPRIETARY/CONFIDENTIAL. Use is subject to license terms.", PROPRIETARY), ("Licensed under the Apache License, Version 2.0 with Commons Clause 1.0", "Apache-2.0 AND LicenseRef-Proprietary"),
        ("Any use of this computer program without a valid license is prohibited.", PROPRIETARY), ("You may use this software for academic research only.", PROPRIETARY), ("Free for personal use; for commercial use contact us.", PROPRIETARY),
        ("(C) J. Doe. Please ask me before using this code.", PROPRIETARY), ("(C) J. Doe. No license is granted.", PROPRIETARY), ("This program is the exclusive property of Acme.", PROPRIETARY), ("Not to be redistributed.", PROPRIETARY),
        ("Acme is a product of Acme Inc. Users may copy it,\nbut are not authorized to license or distribute it.", PROPRIETARY), ("Copyright Acme. See https://acme.example/Acme_Reference_Only_License", PROPRIETARY),
        ("Alle rechten voorbehouden. Dit bestand is vertrouwelijk.", PROPRIETARY), ("Konfidentiellt. Får ej kopieras.", PROPRIETARY), ("Fortroligt. Må ikke kopieres. Alle rettigheder forbeholdes.", PROPRIETARY),
        ("Copyright Acme. Všechna práva vyhrazena. Kopírování je zakázáno.", PROPRIETARY), ("Luottamuksellinen. Kopiointi kielletty.", PROPRIETARY), ("Minden jog fenntartva. Másolása tilos.", PROPRIETARY),
        ("Εμπιστευτικό. Απαγορεύεται η αντιγραφή.", PROPRIETARY), ("Конфіденційно. Копіювання заборонено.", PROPRIETARY), ("כל הזכויות שמורות. אין להעתיק.", PROPRIETARY), ("جميع الحقوق محفوظة. يمنع النسخ.", PROPRIETARY),
        ("Bản quyền thuộc về Acme. Nghiêm cấm sao chép.", PROPRIETARY), ("Confidențial. Toate drepturile rezervate.", PROPRIETARY), ("Konfidensielt. Kopiering er forbudt. Copyright Acme", PROPRIETARY),
        ("This source code is provided for reference only.", PROPRIETARY), ("The code in this repository is for reference purposes only.", PROPRIETARY), ("Copyright 2020 Acme. This software is not licensed for use by third parties.", PROPRIETARY), ("Copyright Acme. Evaluation only.", PROPRIETARY),
        ("This software is source-available and may not be used in production without a commercial license.", PROPRIETARY), ("This code is source available, but may not be used in production.", PROPRIETARY), ("You may look at this code but may not use it.", PROPRIETARY), ("This file may be viewed but not copied.", PROPRIETARY),
        ("Published solely for reference. Copyright Acme.", PROPRIETARY), ("The source is made available for viewing purposes only. Copyright Acme.", PROPRIETARY), ("The source code is shared for portfolio purposes only.", PROPRIETARY), ("Copyright Acme. Production use requires a commercial license.", PROPRIETARY), ("Copyright Acme. This is not free software.", PROPRIETARY),
        ("This file is a reference implementation only for tests.", None), ("This code is only for reference counting.", None), ("This module must not be used in production.", None), ("Source available at https://acme.example/code.", None), ("Line numbers are for reference only.", None), ("The values in this table are for reference only.", None),
        ("This class may be read but not written concurrently.", None), ("This file can be read but not modified by users.", None), ("This file is available for review in the docs.", None), ("This function evaluates only for reference types.", None),
        ("onder de voorwaarden van de GNU Algemene Publieke Licentie, versie 3", "GPL-3.0-only"), ("na warunkach Powszechnej Licencji Publicznej GNU", "GPL-3.0-only"), ("GNU 일반 공중 사용 허가서 3판", "GPL-3.0-only"), ("GNU Genel Kamu Lisansı'nın koşulları", "GPL-3.0-only"),
        ("Commercial use of the cache is measured.", None), ("Free for all bytes of the pool.", None), ("Asks the user before using the network.", None), ("De vertrouwelijke velden van de tabel.", None),
        ("Parse the license file.", None), ("Whether a license is valid. Not under the GPL license.", None), ("Sends confidential information to the peer.", None),
        ("Checks the license library, and who may use it.", None), ("Only for internal use by the reader of rows.", None), ("", None),
    ],
)  # fmt: skip
def test_what_a_notice_says(text: str, license: str | None) -> None:
    assert notices.read(text).license == license


@pytest.mark.parametrize(
    ("text", "license"),
    [
        (f"{GPL}\n\n{LIBTOOL}", "GPL-3.0-or-later"), (f"{GPL}\n\n{BISON}", "GPL-3.0-or-later"),
        (f"{GPL}\n\n{LIBTOOL}\n\nCopyright.\n\n{DUAL}", "GPL-3.0-or-later AND (GPL-2.0-or-later OR MIT)"),
        (f"{GPL}\n\nCopyright.\n\n{DUAL}", "GPL-3.0-or-later AND (GPL-2.0-or-later OR MIT)"),
        (f"{DUAL}\n\nCopyright.\n\n{GPL}\n\n{LIBTOOL}", "(GPL-2.0-or-later OR MIT) AND GPL-3.0-or-later"),
        (f"{GPL}\n\n{BISON}\n\nLicensed under the MIT license.", "GPL-3.0-or-later AND MIT"),
        (f"{LGPL}\n\nAs a special exception to the GNU General Public License, you may link it.", "LGPL-2.1-only"),
        ("This file is under the GNU General Public License version 2, with the\nspecial exception that output files are not.", "GPL-2.0-only"),
        (f"{GPL}\nIn addition to the permissions in the GNU General Public License, the Free\nSoftware Foundation gives you unlimited permission to link the compiled\n"
         "version of this file into combinations with other programs, and to\ndistribute those combinations without any restriction.", "GPL-3.0-or-later"),
        (f"{GPL}\n\nAs a special exception, when this file is read by TeX when processing\na Texinfo source document, you may use the result without\n"
         "restriction. This Exception is an additional permission under section 7.", "GPL-3.0-or-later"),
        (f"{GPL}\n\nAs a special exception, the respective Autoconf Macro's copyright owner\ngives unlimited permission to copy, distribute and modify the configure\n"
         "scripts that are the output of Autoconf when processing the Macro.", "GPL-3.0-or-later"),
        (f"{GPL}\n\nUnder Section 7 of GPL version 3, you are granted additional\npermissions described in the GCC Runtime Library Exception, version\n"
         "3.1. You may convey it under terms of your choice.\n\nParts are licensed under the MIT license.", "GPL-3.0-or-later AND MIT"),
    ],
)  # fmt: skip
def test_an_exception_is_no_choice_and_no_grant(text: str, license: str) -> None:
    """A notice with one, and beside a notice that does offer a choice."""
    assert notices.read(text).license == license


def test_a_choice_stays_one_where_each_licence_has_its_copyright() -> None:
    """Kernel drivers put a copyright over each of the licences that the first paragraph offers."""
    offer = "This file is provided under a dual BSD/GPLv2 license. When using or redistributing this file, you may do so under either license."
    gpl2 = GPL.replace(
        "either version 3 of the License, or (at your option)\nany later version", "version 2 of the License"
    )
    said = notices.read(f"{offer}\n\nCopyright.\n\n{gpl2}\n\nCopyright.\n\n{BSD}").license
    assert said is not None and " AND " not in said


@pytest.mark.parametrize(
    ("text", "refers", "reserved"),
    [
        ("See LICENSE.txt for terms.", "LICENSE.txt", False), ("Use is governed by a license that can be found in the license file.", "LICENSE", False),
        ("under *either* of the licenses\nfound in LICENSE.APACHE or LICENSE.BSD.", "LICENSE.APACHE", False), ("For the terms see ee/LICENSE", "ee/LICENSE", False),
        ("Copyright (c) 2019 Acme Ltd. All rights reserved.", None, True), ("All rights reserved. See COPYING.", "COPYING", False),
    ],
)  # fmt: skip
def test_what_only_points_or_reserves(text: str, refers: str | None, reserved: bool) -> None:
    assert notices.read(text) == (None, refers, reserved)


def test_every_short_grant_is_an_expression() -> None:
    from neve.corpus.licenses import spdx

    assert all(spdx.expression(license) for license in notice_patterns.SHORT.values())
