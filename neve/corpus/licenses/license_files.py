"""Which files speak of licences, told by their names, and for which folder.

People write LICENSE, COPYING3, LICENSE-2.0.txt, MIT-LICENSE, COPYING.LESSER, LICENCE.adoc, gpl-3.0.txt. A
suffix says what such a file is: a version changes nothing, a family (`LICENSE-MIT`) makes it one of several
to choose from, a word for what is no code (`LICENSE-docs`, `LICENSE_FONTS`) leaves it out, and any other
word (`LICENSE_EE`) names a part.

The trade-off: programs called license.py are told from texts by their extension alone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from neve.corpus.licenses import metadata, names
from neve.corpus.licenses.spdx import PROPRIETARY


class Role(NamedTuple):
    """What a file is evidence of."""

    kind: str
    """"text", "choice" (one of several licences), "part" (of what `word` names), "reuse" (a text in
    LICENSES/), "unread" (a text that is not read, `EULA.pdf`), "metadata", "rules" (REUSE.toml, dep5) or
    "beside" (`x.py.license`)."""
    folder: str
    """The folder that it speaks for; of "beside" the path of the file."""
    word: str = ""


_MAIN = r"(?:un)?licen[cs]es?|copying|copyrights?|copyleft|eula|lizenz(?:en|text)?|licencias?|licen[çz]as?"
_FAMILY = r"(?:[al]?gpl|apache|asl|mit|bsd|mpl|epl|isc|edl|zlib|cc0|cc-by|boost|bsl|wtfpl|cddl|eupl|psf|ofl|ncsa|0bsd)"
_NAME = re.compile(
    rf"(?P<main>{_MAIN})(?:[-_. &]*(?P<after>.+))?|(?P<before>[\w.+ -]+?)[-_. ](?:{_MAIN})|(?P<bare>{_FAMILY}(?:[-_]?v?\d[\d.]*)?(?:-only|-or-later)?)",
    re.I,
)
WHOLE = re.compile(
    r"(?i)(?:[\w.-]+/)*(?:un)?(?:licen[cs]es?|copying|copyright|eula)(?:\.(?:txt|text|md|markdown|rst|html?|adoc|rtf))?"
)
"""The licence of a whole project by its name alone, as a notice points to it."""
_PROSE = re.compile(r"(?i)\.(txt|text|md|markdown|rst|html?|adoc|asciidoc|rtf)$")
_CODE = re.compile(
    r"(?i)\.(py|pyi|[cm]?[jt]sx?|java|kts?|go|rs|[ch]|cc|cpp|hpp|cs|rb|php|p[lm]|swift|scala|z?sh|json5?|ya?ml|toml|xml|svg|png|jpe?g|gif|ico|psd|pdf|docx?|s?css|less|"
    r"vue|svelte|astro|sql|lua|r|exs?|erl|hs|ml|mdx|tmpl|tpl|in|j2|hbs|ejs|erb|haml|snap|lock|csv|tsv|map|t?gz|zip|proto|gradle|properties|cfg|ini|conf|el|dart|jl|clj|out|"
    r"spec|wasm|dll|class|jar|whl|po|mo|strings|plist|resx|xaml|ipynb|feature|log|bak|orig|golden|expected|patch|diff)$"
)
"""Extensions of what is called license and is a program or data."""
_UNREAD = re.compile(r"(?i)(.+?)(?:\.(?:pdf|docx?|odt))+")
_PLAIN = re.compile(
    r"(?i)[-_.v\d]*|(?:v?\d+[-_.])?(?:lesser|lib|code|source|software|oss|community|core|main|project|file|text|copying|licen[cs]e|en|de|fr|es|zh|cn|ja|ru|pt|it|ko|\d{4})?"
)
_NO_CODE = re.compile(
    r"(?i).*(?:^|[-_. ])(?:docs?|documentation|content|fonts?|icons?|images?|logos?|assets?|art|artwork|media|data|datasets?|models?|weights|(?:3rd|third)[-_. ]?part(?:y|ies)|headers?|templates?|"
    r"notices?|dependencies|deps|bundled|vendor(?:ed)?|binary|bin|changelog|cla|exceptions?|runtime|faq|readme|list|keys?|check(?:er|s)?|report|info|overrides?|tests?|expected|out|spec|trademarks?)(?:$|[-_. ]).*"
)
_UPWARDS = re.compile(
    r"^((?:.*?/)??)(?:META-INF/(?:maven/[^/]+/[^/]+/|licen[cs]es?/)?|[^/]+\.dist-info/(?:licenses/)?|(?:src/)?[^/]+\.egg-info/(?:licenses/)?|EGG-INFO/|LICENSES/(?:\w+/)?|\.reuse/|debian/(?=copyright$)|appinfo/(?=info\.xml$)|meta/(?=main\.ya?ml$)|src/(?=[^/]+\.app\.src$))[^/]+$"
)
INSTALLED = re.compile(r"(?:^|/)[^/]+\.(?:dist|egg)-info/")


@lru_cache(65536)
def role(path: str) -> Role | None:
    """What the file at `path` is evidence of, None if of nothing.

    >>> [role(p) and role(p).kind for p in ("LICENSE", "a/COPYING3.txt", "LICENSE-MIT", "license.py", "ee/LICENSE_EE")]
    ['text', 'text', 'choice', None, 'part']
    """  # noqa: W505
    folder, _, name = path.rpartition("/")
    up = _UPWARDS.match(path)
    holds = up[1].rstrip("/") if up else folder
    if name.endswith(".license") and len(name) > len(".license"):
        return Role("beside", path.removesuffix(".license"))
    if name == "REUSE.toml" or path.endswith((".reuse/dep5", "debian/copyright")):
        return Role("rules", holds)
    if re.search(r"(?:^|/)LICENSES/(?:\w+/)?[^/]+$", path):
        return (
            Role("reuse", holds)
            if _PROSE.search(name) or not _CODE.search(name) or re.search(r"\d$|\.\d", name)
            else None
        )
    if metadata.kind_of(path):
        return Role("metadata", holds)
    return _named(name, holds)


def _named(name: str, folder: str) -> Role | None:
    """The role of a licence file by its name."""
    if unread := _UNREAD.fullmatch(name):
        plain = _named(unread[1], folder)
        return plain and plain._replace(kind="unread")
    found = None if _CODE.search(name) else _NAME.fullmatch(_PROSE.sub("", name))
    if found is None:
        return None
    word = (found["after"] or found["before"] or "").strip("-_. ")
    if _NO_CODE.fullmatch(word):
        return None
    if _PLAIN.fullmatch(word):
        return Role("choice" if found["bare"] else "text", folder)
    known = names.normalise(re.sub(r"[-_]", " ", word)) or names.normalise(word)
    if known and known != PROPRIETARY:
        return Role("choice", folder)
    return Role("part", folder, word.lower()) if re.fullmatch(r"[\w.+-]{1,40}", word) else None
