"""datatrove's MinHash near-duplicate pipeline as its own examples set it up; runs in datatrove's
environment.

Usage: python datatrove_minhash.py CORPUS OUT {published,words}

CORPUS is a folder of Parquet files with the columns `id` and `content`; OUT gets `kept/` (Parquet with `id`)
and `stages.json`, the seconds of each stage. `published`: words as datatrove cuts English (spaCy); `words`:
its words are the runs of `\\w`, as Neve's are, which spares it spaCy's time.
"""

import json
import re
import sys
import time
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import ParquetWriter
from datatrove.utils.typeshelper import Languages
from datatrove.utils.word_tokenizers import WordTokenizer

WORKERS, BUCKETS = 2, 32


class Words(WordTokenizer):
    def word_tokenize(self, text: str) -> list[str]:
        return re.findall(r"\w+", text)

    def sent_tokenize(self, text: str) -> list[str]:
        return [text]

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def main(corpus: str, out: Path, how: str) -> None:
    config = MinhashConfig(n_grams=5, num_buckets=BUCKETS, hashes_per_bucket=8)
    tasks = len(list(Path(corpus).glob("*.parquet")))
    reader = ParquetReader(
        corpus, glob_pattern="*.parquet", text_key="content", id_key="id", read_metadata=False
    )
    signature = MinhashDedupSignature(str(out / "signatures"), config=config, language=Languages.english)
    if how == "words":
        signature.word_tokenizer = Words()
    stages = {
        "signatures": ([reader, signature], tasks),
        "buckets": (
            [MinhashDedupBuckets(str(out / "signatures"), str(out / "buckets"), config=config)],
            BUCKETS,
        ),
        "clusters": ([MinhashDedupCluster(str(out / "buckets"), str(out / "removed"), config=config)], 1),
        "filter": (
            [reader, MinhashDedupFilter(str(out / "removed")), ParquetWriter(str(out / "kept"))],
            tasks,
        ),
    }
    seconds = {}
    for name, (pipeline, count) in stages.items():
        start = time.monotonic()
        LocalPipelineExecutor(
            pipeline, tasks=count, workers=WORKERS, logging_dir=str(out / "logs" / name)
        ).run()
        seconds[name] = round(time.monotonic() - start, 2)
        (out / "stages.json").write_text(json.dumps(seconds))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
