"""Families: repositories that are one project, told by their names.

Releases of a package (`numpy==2.1.0`), commits of a git repository (`numpy@1f3a5c…`), forks (`alice/numpy`),
unpacked or packed archives (`numpy-2.1.0`, `numpy-main`) and a package beside its repository share most of
their text, so they belong on the same side of the held-out split, and an exemplar's family stays out of the
pool.

The trade-off: names are compared, not texts. Unrelated projects of one name (`dotfiles`) become one family,
which only makes the split coarser; a fork under another name is caught by near-duplicate removal alone.
"""

from __future__ import annotations

import re

_RELEASE = re.compile(
    r"""(?xi)(?:
    ==.*                                     # a release on a package index
    | [@#:](?:v?\d[\w.+-]*|[0-9a-f]{7,64}      # a release in npm's or Maven's spelling; a commit
        |main|master|trunk|develop|head|latest)
    | [-_ ](?:(?:tags?[-_])?(?:v|rel(?:ease)?[-_]?)?\d+(?:[._]\d+)+[\w.+-]*   # an archive of a release
        |(?:19|20)\d{6}|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}|[0-9a-f]{40}   # of a day or a commit
        |main|master|trunk|develop|head|latest|stable|nightly|gh-pages|refs-heads|src|fork|mirror|backup|-[ ]copy|copy)
    | [-_.]v\d{1,3}                           # a major version
    | \.(?:git|zip|tar(?:\.\w+)?|tgz|tbz2?|txz|7z|whl|gem|crate|jar|nupkg)
    | \s*\(\d{1,2}\)                          # a second download
    )$"""
)


def project(repo: str) -> str:
    """A repository without what says which of its releases or commits it is, owner and spelling as they are.

    >>> [project(repo) for repo in ("Foo_Bar==2.1.0", "octocat/foo-bar.git", "octocat/foo@1f3a5c7d9e0b")]
    ['Foo_Bar', 'octocat/foo-bar', 'octocat/foo']
    """
    name = re.sub(r"@refs/.*$", "", repo.rstrip("/"))
    while found := _RELEASE.search(name, _start(name) + 1):
        name = name[: found.start()]
    return re.sub(r"^(.+/.+)/v?\d+(?:\.\d+)*$", r"\1", name)  # a version as a folder, as Go's modules have it


def _start(name: str) -> int:
    """Where a repository's own name begins, after its owner's."""
    return name.rfind("/") + 1 if not name.startswith("@") else 0


def family(repo: str) -> str:
    """The project that a repository is a release, commit, fork or archive of; lower case, "-" between words.

    >>> [family(repo) for repo in ("Foo_Bar==2.1.0", "octocat/foo-bar", "foo.bar@1f3a5c7d9e0b", "foo-bar-2.1.tar")]
    ['foo-bar', 'foo-bar', 'foo-bar', 'foo-bar']
    """  # noqa: W505
    name = project(repo)
    return re.sub(r"[-_.]+", "-", name[_start(name) :].lower()) or repo
