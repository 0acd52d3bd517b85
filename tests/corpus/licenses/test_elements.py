"""Elements out of tags. Oracle: the standard library's parser on well-formed XML, and what is written on what is not."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from neve.corpus.licenses.elements import elements, without_comments, without_others

POM = """<project>
  <!-- <license><name>GPL</name></license> -->
  <licenses><license><name>MIT</name><url>u</url></license><license name='B'/></licenses>
  <dependencies><dependency><license>GPL</license></dependency></dependencies>
</project>"""


def test_elements_are_those_of_a_parser() -> None:
    found = elements(without_others(without_comments(POM)), {"license"})
    parsed = list(ET.fromstring(POM).find("licenses") or [])
    assert [each.inner for each in found] == ["<name>MIT</name><url>u</url>", ""] and len(parsed) == 2
    assert [each.attribute("name") for each in found] == [each.get("name", "") for each in parsed]


def test_what_no_parser_takes() -> None:
    assert [each.inner for each in elements("<LICENSE a>MIT</license><license>x", {"license"})] == ["MIT"]
    assert without_comments("a<!-- b") == "a<!-- b" and without_comments("a<!-- b -->c<!---->") == "ac"
    assert without_others('<plugin id="x"><license>MIT</license></plugin>').count("MIT") == 1
