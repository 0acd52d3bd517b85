"""Grants in words of their own. Oracle: SPDX's names for the families, and what each text asks for beyond a notice."""

from __future__ import annotations

import re

import pytest

from neve.corpus.licenses import grants, license_texts, policy, spdx

AS_IS = '\n\nThis software is provided "as is" without express or implied warranty.\n'
HPND = "Permission to use, copy, modify, and distribute this software and its documentation for any purpose and without fee is hereby granted"
BSD = "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:\n"
KEEP = "1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.\n"
PYTHON = """1. This LICENSE AGREEMENT is between Acme Tools, having an office at 1 Road, and the Individual or Organization ("Licensee")
accessing and otherwise using Anvil software in source or binary form and its associated documentation.

2. Subject to the terms and conditions of this License Agreement, Acme hereby grants Licensee a nonexclusive, royalty-free,
world-wide license to reproduce, analyze, test, perform and/or display publicly, prepare derivative works, distribute, and
otherwise use Anvil alone or in any derivative version, provided, however, that Acme's License Agreement and Acme's notice of
copyright are retained in Anvil alone or in any derivative version prepared by Licensee.

3. In the event Licensee prepares a derivative work that is based on or incorporates Anvil or any part thereof, and wants to
make the derivative work available to others as provided herein, then Licensee hereby agrees to include in any such work a
brief summary of the changes made to Anvil.

4. Acme is making Anvil available to Licensee on an "AS IS" basis. ACME MAKES NO REPRESENTATIONS OR WARRANTIES, EXPRESS OR
IMPLIED.

5. This License Agreement will automatically terminate upon a material breach of its terms and conditions.
"""
FREE = {
    f"{HPND}, provided that the above copyright notice appears in all copies, and that the name of Acme Labs AB or the author not be used in advertising or publicity pertaining to distribution of the software without specific, written prior permission.": "HPND",
    "By obtaining, using, and/or copying this software and/or its associated documentation, you agree that you have read, understood, and will comply with the following terms and conditions:\n\n"
    f"{HPND}, provided that the above copyright notice appears in all copies.": "MIT-CMU",
    "Permission to copy, use, modify, sell and distribute this software is granted provided this copyright notice appears in all copies.": "HPND-sell-variant",
    "The authors hereby grant permission to use, copy, modify, distribute, and license this software and its documentation for any purpose, provided that existing copyright notices are retained in all copies and that this notice is included verbatim in any distributions.": "TCL",
    f"{BSD}{KEEP}2. The names of the authors may not be used to endorse or promote products derived from this software without permission.\n": "BSD-3-Clause",
    f"{BSD}\n  a. Redistributions in binary form must reproduce the above copyright notice in the documentation and/or other materials provided with the distribution.\n": "BSD-2-Clause",
    "The tool may be freely copied, modified, and redistributed under the following conditions:\n\n1. All copyright notices must remain intact in all files.\n": "LicenseRef-Permissive",
    "Anvil is free of restrictions. You may use, redistribute, modify and distribute modified versions.": "LicenseRef-Permissive",
    BSD.replace("forms,", "forms of the theme,") + KEEP + "2. The names of the contributors may not be used to endorse or promote products derived from this software without permission.\n": "BSD-3-Clause",
    BSD.replace("forms,", "forms of this plugin,") + KEEP: "BSD-2-Clause",
    PYTHON: "PSF-2.0",
}  # fmt: skip
ASKS = [
    f"{HPND}, provided that you send the author a copy of your program.",
    f"{HPND} to members of universities, provided that the above copyright notice appears in all copies.",
    "Permission to use, copy, modify, and distribute this software for educational purposes is hereby granted.",
    "Permission to use, copy, and distribute this software for any purpose is hereby granted.",
    f"{BSD}{KEEP}2. Redistributions must be accompanied by the complete source code of whatever uses it.\n",
    f"{BSD}{KEEP}2. You pay Acme a fee for every copy.\n",
    f"{BSD}{KEEP}\nRedistributions in any form must be accompanied by information on how to obtain complete source code.\n",
    "Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in the software without restriction, including without limitation the rights to "
    "use, copy, modify and/or sublicense copies of the software for non-commercial purposes, and to permit persons to whom the software is furnished to do so, subject to the following conditions:\n\n"
    "The above copyright notice and this permission notice shall be included in all copies of the software.\n",
    "You may use, copy and modify this program for evaluation.", "This file may be copied and distributed.",
    "Redistribution and use in source and binary forms are permitted for non-commercial purposes.",
    PYTHON.replace("4. Acme is", "4. Licensee shall pay a fee.\n\n5. Acme is"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "license"), FREE.items())
def test_a_grant_and_its_conditions(text: str, license: str) -> None:
    """Both by itself and as a licence file, which the policy for free licences admits."""
    assert grants.take(text + AS_IS)[0] == [license]
    assert re.search("as is", grants.take(text + AS_IS)[1])
    stated = license_texts.read((text + AS_IS).encode()).license
    assert stated is not None and policy.permitted(stated, "permissive")


@pytest.mark.parametrize("text", ASKS)
def test_whatever_asks_for_more_is_not_understood(text: str) -> None:
    assert grants.take(text + AS_IS)[0] == []
    stated = license_texts.read((text + AS_IS).encode()).license
    assert stated is not None and not policy.permitted(stated, "permissive")


def test_every_name_is_one_that_the_policy_admits() -> None:
    kinds = {"PSF-2.0", "NCSA", "MIT", "BSD-4-Clause", "TCL", "Qhull", *FREE.values()}
    assert all(spdx.current(name) == name and policy.permitted(name, "permissive") for name in kinds)
