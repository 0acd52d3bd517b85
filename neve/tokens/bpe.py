"""The vocabulary: byte-level BPE learnt from a sample of the training documents, and encoding with it.

Bytes are the alphabet, so any text round-trips. PATTERN says which stretches of text merges never cross:
words with one leading mark (` name`, `.append`, `_id`), digits one by one, runs of punctuation with the line
breaks after them, indentation. `tokenizers` learns; `tiktoken` applies the same merges several times
faster, but may reach a token by other merges, so `build` encodes a sample with both, and unless all is equal
(`encoder.json`), `tokenizers` encodes. The trade-off: single digits and no merges across words cost tokens;
in return numbers and names look alike everywhere.

What a document says is never an instruction: a sentinel's name in a text is encoded as ordinary text.
(transformers' AutoTokenizer reads the same folder; there it takes `split_special_tokens=True`.)

Sources: StarCoder (arXiv 2305.06161) for the sentinels and single digits; GPT-4's published split pattern.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tiktoken
import tokenizers
from tokenizers import decoders, models, pre_tokenizers, trainers

from neve import documents as tables
from neve.errors import Fault
from neve.hashing import document_keys, keyed
from neve.progress import bar
from neve.recipe.tokenizer import Tokenizer as TokenizerTable
from neve.store import read_json, write_json

SENTINELS = (
    "<|endoftext|>", "<fim_prefix>", "<fim_middle>", "<fim_suffix>", "<fim_pad>", "<repo_name>", "<file_sep>"
)  # fmt: skip
"""Special tokens; their ids are 0 to 6 in this order."""

PATTERN = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"

TRANSFORMERS = {
    "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": SENTINELS[0], "eos_token": SENTINELS[0],
    "pad_token": "<fim_pad>", "additional_special_tokens": list(SENTINELS[1:]),
    "clean_up_tokenization_spaces": False,
}  # fmt: skip
"""What AutoTokenizer needs to know beside tokenizer.json."""

PROOF_BYTES = 4 << 20
"""Text, at least, on which the two encoders are compared, where the sample has so much."""


class Tokenizer:
    """Encodes texts and decodes ids; safe to share between threads."""

    eos = SENTINELS.index("<|endoftext|>")

    def __init__(self, exact: tokenizers.Tokenizer, fast: tiktoken.Encoding | None) -> None:
        exact.encode_special_tokens = True
        self._exact, self._fast = exact, fast
        self.vocab_size: int = exact.get_vocab_size(with_added_tokens=True)
        self.sentinels = {name: i for i, name in enumerate(SENTINELS)}

    def encode_batch(self, texts: Sequence[str]) -> list[np.ndarray]:
        """Ids of each text, int64 [tokens]; no sentinel is added or recognised. Uses all cores given."""
        fast = self._fast
        if fast is None:
            encoded = self._exact.encode_batch_fast(texts, add_special_tokens=False)
            return [np.array(e.ids, dtype=np.int64) for e in encoded]

        def encode(text: str) -> np.ndarray:
            try:
                ids = fast.encode_to_numpy(text, allowed_special=set(), disallowed_special=())
            except ValueError:  # its regular expressions give up on about a million spaces in a row
                ids = np.array(self._exact.encode(text, add_special_tokens=False).ids)
            return ids.astype(np.int64)

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
            return list(threads.map(encode, texts))

    def decode(self, ids: Sequence[int] | np.ndarray) -> str:
        """Text of ids, sentinels by name; bytes that are no UTF-8 become U+FFFD."""
        return self._exact.decode([int(i) for i in ids], skip_special_tokens=False)


def load(folder: Path) -> Tokenizer:
    """The tokenizer that `build` wrote (or a model's folder, which carries a copy of its files); raises
    Fault."""
    path = Path(folder) / "tokenizer.json"
    proof = path.with_name("encoder.json")
    try:
        exact = tokenizers.Tokenizer.from_file(str(path))
        proven = proof.exists() and read_json(proof)["encoder"] == "tiktoken"
    except Exception as error:
        raise Fault(f"{path}: not a readable tokenizer ({error}); build the stage tokenizer again") from None
    if not is_own(exact):
        found = [exact.token_to_id(name) for name in SENTINELS]
        raise Fault(f"{path}: not a tokenizer of Neve's: sentinels have the ids {found}, not 0 to 6")
    return Tokenizer(exact, _fast(exact) if proven else None)


def is_own(exact: tokenizers.Tokenizer) -> bool:
    """Whether a tokenizer has Neve's sentinels, and so was made by `build`."""
    return [exact.token_to_id(name) for name in SENTINELS] == list(range(len(SENTINELS)))


def _fast(exact: tokenizers.Tokenizer) -> tiktoken.Encoding:
    """The same vocabulary for tiktoken: every token's bytes, its id as its rank."""
    # Byte-level BPE writes a byte as the character of that number where it is printable, else as one from
    # U+0100 on.
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    byte_of = {chr(byte if byte in printable else next(others)): byte for byte in range(256)}
    ranks = {
        bytes(byte_of[character] for character in token): i
        for token, i in exact.get_vocab(with_added_tokens=False).items()
        if i >= len(SENTINELS)
    }
    specials = {name: i for i, name in enumerate(SENTINELS)}
    return tiktoken.Encoding("neve", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens=specials)


def train(texts: Iterator[list[str]], vocab_size: int) -> tokenizers.Tokenizer:
    """Learn merges from batches of texts. Ties are broken by token ids, so equal texts give an equal
    vocabulary."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    split = pre_tokenizers.Split(tokenizers.Regex(PATTERN), behavior="isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, as_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=list(SENTINELS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


@dataclass(frozen=True)
class Settings:
    tokenizer: TokenizerTable
    seed: int


def build(settings: Settings, inputs: dict[str, Path], out: Path) -> dict[str, Any]:
    """Stage `tokenizer`: learn from the training `documents`, or take the folder's that the recipe names;
    write tokenizer.json, tokenizer_config.json, encoder.json."""
    section, documents = settings.tokenizer, inputs["documents"] / "documents"
    wanted, sizes = draw(documents, section.sample_bytes, settings.seed)
    if not wanted.any():
        raise Fault(f"{documents}: no training documents to learn from; see the verdicts of stage curate")
    proof: list[str] = []
    sampled = int(sizes[wanted].sum())
    with bar("tokenizer sample", total=sampled / 1e6, unit="MB") as advance:

        def batches() -> Iterator[list[str]]:
            row, left = 0, PROOF_BYTES
            for path in sorted(documents.glob("*.parquet")):
                for batch in pq.ParquetFile(path).iter_batches(batch_size=256, columns=["content"]):
                    here = slice(row, row + len(batch))
                    texts = batch["content"].filter(pa.array(wanted[here])).to_pylist()
                    proof.extend(texts if left > 0 else [])
                    size = int(sizes[here][wanted[here]].sum())
                    row, left = here.stop, left - size
                    advance(size / 1e6)
                    yield texts

        if section.folder is None:
            tokenizer = train(batches(), section.vocab_size)
        else:
            tokenizer = load(Path(section.folder))._exact
            for _ in batches():  # the sample still proves the encoder
                pass
    tokenizer.save(str(out / "tokenizer.json"))
    write_json(out / "tokenizer_config.json", TRANSFORMERS)
    slow = Tokenizer(tokenizer, None)
    ids = slow.encode_batch(proof)
    equal = sum(map(np.array_equal, Tokenizer(tokenizer, _fast(tokenizer)).encode_batch(proof), ids))
    encoder = "tiktoken" if equal == len(proof) else "tokenizers"
    write_json(out / "encoder.json", {"encoder": encoder, "documents": len(proof), "equal": equal})
    return {
        "vocab_size": slow.vocab_size,
        "documents": int(wanted.sum()),
        "bytes": sampled,
        "bytes_per_token": sum(len(t.encode()) for t in proof) / max(1, sum(map(len, ids))),
        "encoder": encoder,
    }


def draw(documents: Path, sample_bytes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Which documents, in their order, are in the sample (bool), and the size of each in bytes.

    From each language its share of `sample_bytes`, by a hash of doc_id; the document that reaches the share
    is the last, so that no language is missed.
    """
    table = tables.read(documents, columns=["doc_id", "language", "split", "size"])
    sizes = table["size"].to_numpy()
    train = np.flatnonzero(pc.equal(table["split"], "train").to_numpy())
    wanted = np.zeros(len(sizes), dtype=bool)
    share = min(1.0, sample_bytes / max(1, sizes[train].sum()))
    language = table["language"].to_numpy()
    keys = keyed(document_keys(table["doc_id"]), "sample", seed)
    order = train[np.argsort(keys[train], kind="stable")]
    for name in np.unique(language[train]):
        rows = order[language[order] == name]
        total = np.cumsum(sizes[rows])
        wanted[rows[total - sizes[rows] < share * total[-1]]] = True
    return wanted, sizes
