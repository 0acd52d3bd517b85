"""Annotators made of others. Oracle: the member's own scores; a run's folder that was moved."""

from pathlib import Path

from neve.quality import annotators
from neve.quality.annotator import Documents
from neve.quality.annotators import members


def test_members_are_found_beside_and_score_as_alone(
    tmp_path: Path, word_list: Path, inputs: dict[str, Path]
) -> None:
    run = tmp_path / "run"
    (run / "both").mkdir(parents=True)
    (run / "words").symlink_to(word_list)
    members.keep(["words", "words"], {"annotator-words": run / "words"}, run / "both")
    moved = run.rename(tmp_path / "moved")
    first, second = members.load(moved / "both")
    documents, alone_in = Documents((inputs["documents"] / "documents",)), tmp_path / "alone"
    alone_in.mkdir()
    alone = annotators.load(word_list).score(documents, alone_in).sorted()
    for name, member in (("a", first), ("b", second)):
        scores = members.score(member, documents, tmp_path, name)
        assert (scores.doc_ids == alone.doc_ids).all() and (scores.sections == alone.sections).all()
        assert (tmp_path / name).is_dir()
