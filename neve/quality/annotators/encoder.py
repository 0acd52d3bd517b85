"""Documents as sections, sections as embeddings: a pretrained BERT-like encoder, frozen.

A document is read at its top, middle and bottom, as Arctic-SnowCoder's annotator does (arXiv 2409.02326):
what a file is worth shows in a few hundred tokens, and a megabyte costs no more than a page. The encoder is
any that transformers' AutoModel builds from safetensors (never pickled weights, never remote code), pooled
as its sentence-transformers settings say: the mean over tokens for MiniLM, [CLS] for arctic-embed.

The trade-off: nearly all time goes into matrix products at full speed, so only doing less work saves time.
Sections are sorted by length and cut into fixed batches (little padding; and a section's embedding does not
depend on how documents lie in files), text is cut before it is tokenized, and equal windows are computed
once. On a CPU each core takes small batches rather than a part of a large one: matrices stay in cache, no
thread waits for another, and a batch's bits do not depend on the number of threads. MiniLM on 2 cores with
AVX2, by processor time: 79 sections of 64 tokens a second, beside 59 with batches of 32 over all threads; 39
of 128 tokens, beside 30 to 37. Where the processor multiplies 8-bit integers or bf16 natively, these are two
to five times as fast; which of them an annotator uses is for its gate to say.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from neve import weights
from neve.errors import Fault, Misuse
from neve.progress import bar
from neve.quality.annotator import Documents
from neve.quality.annotators.piped import piped

_LOADING = threading.Lock()
"""Held while transformers loads: it swaps methods of its classes meanwhile, and two threads at once would
leave them swapped for the whole process."""

CHARACTERS = 8
"""Characters kept for each token of a section: code has 3 to 5 a token, so a cut nearly always holds a
section."""
BATCH, BATCH_INT8, BATCH_TOKENS = 4, 1024, 131_072
"""One forward pass: sections on a core, tokens on a core in 8-bit integers, tokens with their padding on a
GPU."""
BLOCK, BLOCK_INT8, BLOCK_CUDA = 512, 2048, 65_536
"""Sections between two saves: a minute's work at most on a slow laptop, some seconds' on a GPU."""
AHEAD = 2048
"""Sections handed to the cores at a time."""


PLACES = ("top", "middle", "bottom")
"""Where sections lie in a document."""


def windows(length: int, capacity: int, places: Sequence[str] = PLACES) -> list[int]:
    """Starts of the windows of `capacity` tokens at the places of a text of `length` tokens.

    They stay inside the text and may overlap; equal ones are given once, so a text that fits has one
    section.

    >>> windows(100, 126), windows(130, 126), windows(1000, 100, ["top", "bottom"])
    ([0], [0, 2, 4], [0, 900])
    """
    spare = max(0, length - capacity)
    return sorted({(0, spare // 2, spare)[PLACES.index(place)] for place in places})


def cuts(text: str, capacity: int) -> list[str]:
    """The parts of `text` that are tokenized: all of it if it is short, else its top, middle and bottom."""
    size = CHARACTERS * capacity
    if len(text) <= 3 * size:
        return [text]
    middle = (len(text) - size) // 2
    return [text[:size], text[middle : middle + size], text[-size:]]


@dataclass(frozen=True)
class Sections:
    """Token windows of documents, flat: section i is `tokens[starts[i] : starts[i] + lengths[i]]`."""

    tokens: np.ndarray
    """uint16 or int32, no special tokens."""
    starts: np.ndarray
    lengths: np.ndarray
    documents: np.ndarray
    """int64: position of the section's document among the documents given, ascending."""

    def __len__(self) -> int:
        return len(self.starts)

    def order(self, doc_ids: np.ndarray) -> np.ndarray:
        """Positions of the sections by (length, doc_id, place in the document): the same however documents
        lie."""
        rank = np.empty(len(doc_ids), dtype=np.int64)
        rank[np.argsort(doc_ids)] = np.arange(len(doc_ids))
        return np.lexsort((np.arange(len(self)), rank[self.documents], self.lengths))


class Reader(Protocol):
    """What cuts texts into sections of tokens."""

    kind: Any
    """numpy's type of a token."""

    def sections(self, texts: list[str]) -> Sections:
        """Windows of each text; every text has at least one (an empty one if need be)."""


def gather(reader: Reader, found: Documents, file: Path) -> tuple[np.ndarray, Sections]:
    """The doc_ids (S32, in the order of the files) and the sections of documents.

    Text is streamed, and tokens go to `file` and are mapped from there, so memory holds some 100 bytes a
    document.
    """
    doc_ids, starts, lengths, documents = [], [], [], []
    rows = tokens = 0
    with file.open("wb") as handle, bar("sections cut", unit="documents") as advance:
        for batch in found.batches():
            part = reader.sections(batch.texts)
            part.tokens.tofile(handle)
            doc_ids.append(batch.doc_ids)
            starts.append(part.starts + tokens)
            lengths.append(part.lengths)
            documents.append(part.documents + rows)
            rows, tokens = rows + len(batch.texts), tokens + len(part.tokens)
            advance(len(batch.texts))
    if not rows:
        return np.empty(0, "S32"), reader.sections([])
    sections = Sections(mapped(reader, file), *map(np.concatenate, (starts, lengths, documents)))
    return np.concatenate(doc_ids), sections


def mapped(reader: Reader, file: Path) -> np.ndarray:
    """Tokens that `gather` wrote."""
    return np.memmap(file, dtype=reader.kind, mode="r") if file.stat().st_size else np.empty(0, reader.kind)


def cut(
    encode: Callable[[list[str]], list[list[int]]],
    texts: list[str],
    capacity: int,
    places: Sequence[str],
    kind: Any,
) -> Sections:
    """The sections of texts, which are cut before they are tokenized."""
    pieces = [cuts(text, capacity) for text in texts]
    encoded = iter(encode([p for ps in pieces for p in ps]))
    chosen: list[list[int]] = []
    documents: list[int] = []
    for row, parts in enumerate(pieces):
        tokens = [next(encoded) for _ in parts]
        found = (
            [tokens[0][at : at + capacity] for at in windows(len(tokens[0]), capacity, places)]
            if len(tokens) == 1
            else _three(tokens, capacity, places)
        )
        chosen += found
        documents += [row] * len(found)
    lengths = np.array([len(ids) for ids in chosen], dtype=np.int64)
    flat = np.fromiter(chain.from_iterable(chosen), kind, int(lengths.sum()))
    return Sections(flat, np.cumsum(lengths) - lengths, lengths, np.array(documents, dtype=np.int64))


def _three(ids: list[list[int]], capacity: int, places: Sequence[str]) -> list[list[int]]:
    top, middle, bottom = ids
    spare = max(0, len(middle) - capacity)
    three = [top[:capacity], middle[spare // 2 : spare // 2 + capacity], bottom[-capacity:]]
    wanted = [three[PLACES.index(place)] for place in PLACES if place in places]
    distinct = [part for place, part in enumerate(wanted) if part and part not in wanted[:place]]
    return distinct or [[]]


class Encoder:
    """A frozen encoder with its tokenizer. Raises Fault where the weights cannot serve."""

    def __init__(
        self,
        name: str,
        section_tokens: int,
        places: Sequence[str] = PLACES,
        precision: str = "fp32",
        device: str | None = None,
    ) -> None:
        """`precision`: one of `formats`; whoever asks for another than fp32 has a gate that let it pass.
        `device`: by default the first one."""
        import torch
        from tokenizers import Tokenizer
        from transformers import AutoConfig

        self.name = name
        folder = weights.resolve(name)
        for needed in ("config.json", "tokenizer.json"):
            if not (folder / needed).exists():
                raise Fault(f"encoder = {name!r}: {folder} has no {needed}; give a BERT encoder's folder")
        self.digest = weights.digest(folder)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.tokenizer.encode_special_tokens = True  # "[SEP]" in a source file is text
        frame = self.tokenizer.encode("").ids
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
        longest = config.max_position_embeddings
        if len(frame) != 2:
            raise Fault(f"encoder = {name!r}: its tokenizer sets no [CLS] and [SEP]; give a BERT encoder")
        if section_tokens > longest:
            raise Fault(f"section_tokens = {section_tokens}: {name!r} reads at most {longest}; set it lower")
        self.first, self.last = frame
        self.kind = np.uint16 if self.tokenizer.get_vocab_size() < 1 << 16 else np.int32
        self.capacity, self.places = section_tokens - 2, tuple(places)
        self.pooling = _pooling(folder)
        self.device, fast = placement()
        self.device = device or self.device
        self.precision = computed(precision, self.device, fast)
        model = _loaded(folder, config, self.precision)
        self.dimensions = int(config.hidden_size)
        self.block_on_gpu, self.batch = BLOCK_CUDA, BATCH
        self.block = BLOCK if self.device == "cpu" else BLOCK_CUDA
        self.lanes = torch.get_num_threads() if self.device == "cpu" else 1
        self.busy = 0.0
        """Seconds that the GPU, or the cores together, have computed."""
        self.model = model.eval().to(self.device)
        self._rounded: Any = None
        if self.precision == "int8":
            from neve.quality.annotators.int8 import Bert

            self._rounded = Bert(self.model, self.pooling)
            self.block, self.batch = BLOCK_INT8, max(1, BATCH_INT8 // section_tokens)
        self._torch = torch

    def sections(self, texts: list[str]) -> Sections:
        """Windows of each text at the encoder's places; every text has at least one (an empty one if need
        be)."""
        return cut(self._encoded, texts, self.capacity, self.places, self.kind)

    def _encoded(self, texts: list[str]) -> list[list[int]]:
        return [one.ids for one in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def embed(self, sections: Sections, rows: np.ndarray) -> Iterator[np.ndarray]:
        """Pooled embeddings of the sections `rows`, batch by batch in that order: float32 [sections,
        dimensions]."""
        if self.device != "cpu":
            stops = token_batches(sections.lengths[rows] + 2, BATCH_TOKENS)
            parts = [rows[start:stop] for start, stop in pairwise((0, *stops))]
            for pooled, seconds in piped(self.device, parts, partial(self.padded, sections), self._pooled):
                self.busy += seconds
                yield pooled
            return
        batches = [rows[at : at + self.batch] for at in range(0, len(rows), self.batch)]
        torch = self._torch
        threads = torch.get_num_threads()
        step = max(1, AHEAD // self.batch)
        try:
            with ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) as cores:
                for at in range(0, len(batches), step):
                    for pooled, seconds in cores.map(
                        partial(self._forward, sections), batches[at : at + step]
                    ):
                        self.busy += seconds
                        yield pooled
        finally:
            torch.set_num_threads(threads)

    def _forward(self, sections: Sections, rows: np.ndarray) -> tuple[np.ndarray, float]:
        """Embeddings, and the seconds that a core computed."""
        padded = self.padded(sections, rows)
        begun = time.perf_counter()
        pooled = self._pooled(*padded).numpy()
        return pooled, time.perf_counter() - begun

    def beside(self) -> list[Encoder]:
        """This encoder, and a copy on each further GPU."""
        count = self._torch.cuda.device_count() if self.device.startswith("cuda") else 1
        places = self.capacity + 2, self.places, self.precision
        return [self, *(Encoder(self.name, *places, f"cuda:{i}") for i in range(1, count))]

    def padded(self, sections: Sections, rows: np.ndarray) -> tuple[Any, Any]:
        """Token ids between [CLS] and [SEP], int64 [rows, width], and which of them are no padding."""
        lengths = sections.lengths[rows][:, None]
        place = np.arange(-1, int(lengths.max()) + 1)
        inside = (place >= 0) & (place < lengths)
        ids = np.zeros(inside.shape, dtype=np.int64)
        ids[inside] = sections.tokens[(sections.starts[rows][:, None] + place)[inside]]
        ids[:, 0] = self.first
        ids[np.arange(len(rows)), lengths[:, 0] + 1] = self.last
        return self._torch.from_numpy(ids), self._torch.from_numpy(place <= lengths)

    def _pooled(self, ids: Any, mask: Any) -> Any:
        with self._torch.inference_mode():
            return self.pool(ids, mask)

    def pool(self, ids: Any, mask: Any) -> Any:
        """float32 [rows, dimensions]: [CLS], or the mean over the tokens."""
        if self._rounded is not None:
            return self._rounded(ids, mask)
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()
        if self.pooling == "cls":
            return hidden[:, 0]
        inside = mask.unsqueeze(2)
        return (hidden * inside).sum(1) / inside.sum(1)


def token_batches(lengths: np.ndarray, budget: int) -> list[int]:
    """Where batches of rows end whose padded tokens are at most `budget` (one row may have more); `lengths`
    [rows], ascending.

    >>> token_batches(np.array([2, 3, 3, 8, 20]), 9)
    [3, 4, 5]
    """
    stops, start = [], 0
    for row in range(1, len(lengths)):
        if int(lengths[row]) * (row + 1 - start) > budget:
            stops.append(row)
            start = row
    return [*stops, len(lengths)] if len(lengths) else []


def _loaded(folder: Path, config: Any, precision: str) -> Any:
    """transformers' model, one at a time."""
    import torch
    from transformers import AutoModel
    from transformers.utils import logging

    with _LOADING:
        logging.disable_progress_bar()
        verbosity, _ = logging.get_verbosity(), logging.set_verbosity_error()
        model = AutoModel.from_pretrained(
            folder, config=config, trust_remote_code=False, use_safetensors=True, local_files_only=True,
            dtype=torch.bfloat16 if precision == "bf16" else torch.float32,
        )  # fmt: skip
        logging.set_verbosity(verbosity)
    return model


def _pooling(folder: Path) -> str:
    """ "cls" or "mean", as sentence-transformers' settings say; the mean where there are none."""
    try:
        settings = json.loads((folder / "1_Pooling" / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "mean"
    for key, pooling in (("pooling_mode_cls_token", "cls"), ("pooling_mode_mean_tokens", "mean")):
        if settings.get(key):
            return pooling
    raise Misuse(
        f"{folder}: 1_Pooling/config.json asks for another pooling than [CLS] or the mean; take another encoder"
    )


def formats(name: str) -> list[str]:
    """Number formats that the device multiplies fast for an encoder, the fastest first; the last is fp32."""
    device, fast = placement()
    found = [fast, "fp32"] if fast != "fp32" else ["fp32"]
    if device != "cpu":
        return found
    from neve.quality.annotators import int8

    config = json.loads((weights.resolve(name) / "config.json").read_text(encoding="utf-8"))
    return ["int8", *found] if config.get("model_type") == "bert" and int8.able() else found


def computed(asked: str, device: str, fast: str) -> str:
    """The number format in which an encoder computes: the one that is asked for where the device can, else
    fp32, and never another, which no gate would have let pass. A CPU always can in 8-bit integers.

    >>> computed("int8", "cuda:0", "bf16"), computed("int8", "cpu", "bf16")
    ('fp32', 'int8')
    """
    return asked if asked == fast or (asked == "int8" and device == "cpu") else "fp32"


def placement() -> tuple[str, str]:
    """Device and number format: bf16 where it multiplies that natively, else fp32."""
    import torch

    if torch.cuda.is_available():
        return "cuda:0", "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    able = torch.cpu.get_capabilities()
    return "cpu", "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "fp32"
