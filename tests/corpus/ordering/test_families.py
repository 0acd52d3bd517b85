"""Families by name. Oracle: how indexes, git hosts and archives name the releases of one project."""

import pytest

from neve.corpus.ordering.families import family


@pytest.mark.parametrize(
    "names",
    [
        ("requests==2.31.0", "psf/requests", "alice/requests", "requests@1f3a5c7d9e0b", "requests-2.31.0", "requests-main"),
        ("Flask_Login==0.6", "flask-login", "flask.login==0.5.0rc1", "maxcountryman/flask-login@v0.6.3"),
        ("@scope/tool@1.2.3", "@scope/tool", "@scope/tool@2.0.0-rc.1"),
        ("tool", "u/tool-1f3a5c7", "tool-20240131", "tool-1.2.0 (1)", "tool-main(2)", "github.com/u/tool/v2", "github.com/u/tool/v3@v3.1.0"),
        ("tool", "tool-REL_12_3", "tool-tags-v1.0", "tool-v1_2_3", "tool-release-1.2", "gopkg.in/tool.v2", "tool-v2", "u/tool@refs/heads/main", "g/tool:1.2.3", "tool#abc1234", "tool - Copy", "b/tool-fork", "tool-master.zip", "pypi/u/tool/1.2.3"),
        ("shop.git", "shop", "owner/shop/", "shop-master@0a1b2c3d4e5f", f"shop-{'a1' * 20}"),
    ],
)  # fmt: skip
def test_one_project(names: tuple[str, ...]) -> None:
    assert len({family(name) for name in names}) == 1, {name: family(name) for name in names}


def test_different_projects() -> None:
    names = ["requests", "requests-oauthlib", "python2", "python3", "log4j", "log4j-2", "@scope/tool", "@other/tool", "me@home", "2048", "u/v2", "u/v3", "shop-feedbed", "shop-1234567", "shop-2", "u/2024", "c#", "web:ui", "shop", "==", "@", "/", ""]  # fmt: skip
    assert len({family(name) for name in names}) == len(names), [family(name) for name in names]
