"""Which licences a corpus admits: "any", "permissive", or a list of SPDX identifiers.

OR: one side is enough; AND: both must be admitted. An exception (WITH) only adds permissions. A GNU licence
"or later" is admitted by whoever admits that version or a later one. No licence, and what is no expression,
pass under "any" alone.

Source of the permissive table: the Blue Oak Council's list and that of The Stack v1, with the variants of
BSD, MIT and HPND that SPDX has named since.
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from neve.corpus.licenses import spdx

PERMISSIVE = """
0BSD AFL-2.0 AFL-2.1 AFL-3.0 AML AML-glslang AMPAS ANTLR-PD any-OSI Apache-1.0 Apache-1.1 Apache-2.0 APAFML
Artistic-2.0 Beerware blessing BlueOak-1.0.0 Boehm-GC Brian-Gladman-2-Clause Brian-Gladman-3-Clause
BSD-1-Clause BSD-2-Clause BSD-2-Clause-Darwin BSD-2-Clause-first-lines BSD-2-Clause-Patent
BSD-2-Clause-pkgconf-disclaimer BSD-2-Clause-Views BSD-3-Clause BSD-3-Clause-acpica BSD-3-Clause-Attribution
BSD-3-Clause-Clear BSD-3-Clause-flex BSD-3-Clause-HP BSD-3-Clause-LBNL BSD-3-Clause-Modification
BSD-3-Clause-Open-MPI BSD-3-Clause-Sun BSD-3-Clause-Tso BSD-4-Clause BSD-4-Clause-Shortened BSD-4-Clause-UC
BSD-4.3RENO BSD-4.3TAHOE BSD-Advertising-Acknowledgement BSD-Attribution-HPND-disclaimer
BSD-Inferno-Nettverk BSD-Mark-Modifications BSD-Source-beginning-file BSD-Source-Code BSD-Systemics
BSD-Systemics-W3Works BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-PDDC CC0-1.0 CECILL-B CFITSIO check-cvs
CMU-Mach CMU-Mach-nodoc CNRI-Python Cornell-Lossless-JPEG curl DEC-3-Clause dtoa ECL-2.0 EFL-2.0 eGenix Fair
FBM FSFAP FSFUL FSFULLR FSFULLRWD FTL HDF5 HP-1986 HP-1989 HPND HPND-DEC HPND-doc HPND-doc-sell
HPND-export-US HPND-export-US-modify HPND-export2-US HPND-Fenneberg-Livingston HPND-INRIA-IMAG HPND-Intel
HPND-Kevlin-Henney HPND-Markus-Kuhn HPND-merchantability-variant HPND-MIT-disclaimer HPND-Pbmplus
HPND-sell-MIT-disclaimer-xserver HPND-sell-regexpr HPND-sell-variant HPND-sell-variant-MIT-disclaimer
HPND-sell-variant-MIT-disclaimer-rev HPND-UC HPND-UC-export-US ICU IJG ImageMagick Info-ZIP Inner-Net-2.0
Intel-ACPI ISC ISC-Veillard Jam JasPer-2.0 Libpng libpng-1.6.35 libpng-2.0 libtiff Linux-OpenIB lsof
Mackerras-3-Clause Martin-Birgmeier metamail Minpack MIT MIT-0 MIT-advertising MIT-Click MIT-CMU MIT-enna
MIT-feh MIT-Festival MIT-Khronos-old MIT-Modern-Variant MIT-open-group MIT-STK MIT-testregex MIT-Wu MITNFA
mpich2 mplus MS-PL MTLL MulanPSL-2.0 Multics Naumen NCBI-PD NCSA Net-SNMP NetCDF NIST-PD NIST-Software NRL
NTP NTP-0 OFFIS OFL-1.1 OLDAP-2.8 OpenSSL PDDL-1.0 PHP-3.0 PHP-3.01 Plexus pnmstitch PostgreSQL PSF-2.0
Python-2.0 Python-2.0.1 python-ldap Qhull RSA-MD Ruby SAX-PD SAX-PD-2.0 Saxpath SGI-B-2.0 SMLNJ snprintf
softSurfer Spencer-86 Spencer-94 Spencer-99 ssh-keyscan SSH-OpenSSH SSLeay-standalone Sun-PPP Sun-PPP-2000
SunPro SWL TCL TCP-wrappers TU-Berlin-1.0 TU-Berlin-2.0 UCAR UMich-Merit Unicode-3.0 Unicode-DFS-2015
Unicode-DFS-2016 Unicode-TOU UnixCrypt Unlicense Unlicense-libtelnet Unlicense-libwhirlpool UPL-1.0 Vim W3C
W3C-19980720 W3C-20150513 WTFPL X11 X11-distribute-modifications-variant X11-swapped Xerox xinetd xlock Xnet
Zed Zlib zlib-acknowledgement ZPL-2.0 ZPL-2.1 LicenseRef-Permissive LicenseRef-Public-Domain
""".split()  # noqa: SIM905
"""Identifiers that the policy "permissive" admits."""

_VERSIONED = re.compile(r"(.+?)-(\d+\.\d+)-(only|or-later)")


def permitted(license: str | None, policy: str | list[str]) -> bool:
    """Whether `policy` ("permissive", "any", or a list of SPDX identifiers) admits an SPDX expression.

    >>> permitted("MIT OR GPL-3.0-only", "permissive"), permitted("MIT AND GPL-3.0-only", "permissive")
    (True, False)
    """
    if policy == "any":
        return True
    names = PERMISSIVE if policy == "permissive" else [policy] if isinstance(policy, str) else policy
    tree = spdx.parse(license) if license else None
    return tree is not None and _holds(tree, {spdx.current(name) or name for name in names})


def permitted_mask(licenses: pa.Array | pa.ChunkedArray, policy: str | list[str]) -> pa.Array:
    """`permitted` for a column of SPDX expressions, each distinct value judged once; booleans,
    never null."""
    column = licenses.combine_chunks() if isinstance(licenses, pa.ChunkedArray) else licenses
    coded = column.dictionary_encode(null_encoding="encode")
    each = pa.array([permitted(value, policy) for value in coded.dictionary.to_pylist()], pa.bool_())
    return each.take(coded.indices)


def _holds(tree: Any, admitted: set[str]) -> bool:
    if parts := getattr(tree, "args", ()):
        return (any if tree.operator.strip() == "OR" else all)(_holds(part, admitted) for part in parts)
    name = spdx.current(getattr(tree, "license_symbol", tree).key)
    if name in admitted:
        return True
    said = _VERSIONED.fullmatch(name or "")
    if said is None or said[3] == "only":
        return False
    versions = (_VERSIONED.fullmatch(other) for other in admitted)
    return any(other[1] == said[1] and float(other[2]) >= float(said[2]) for other in versions if other)
