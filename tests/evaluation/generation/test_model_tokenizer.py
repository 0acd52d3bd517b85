"""Tokenizers of any folder. Oracle: tokenizers' own encoding, and transformers' rendering of the chat template."""

from __future__ import annotations

import json

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from neve.errors import Fault
from neve.evaluation.generation import model_tokenizer

TEMPLATE = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.fixture
def folder(tmp_path):
    alphabet = {c: k + 3 for k, c in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    made.add_special_tokens(["<s>", "<|im_start|>", "<|im_end|>"])
    made.save(str(tmp_path / "tokenizer.json"))
    settings = {
        "bos_token": "<s>",
        "eos_token": {"content": "<|im_end|>"},
        "add_bos_token": True,
        "chat_template": TEMPLATE,
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    (tmp_path / "config.json").write_text('{"eos_token_id": 7}')
    return tmp_path


def test_another_s_folder(folder):
    found = model_tokenizer.load(folder)
    exact = Tokenizer.from_file(str(folder / "tokenizer.json"))
    end = exact.token_to_id("<|im_end|>")
    assert found.prefix == (exact.token_to_id("<s>"),) and set(found.ends) == {7, end}
    (ids,) = found.encode_batch(["def f():\n    pass<|im_end|>"])
    assert ids.tolist() == exact.encode("def f():\n    pass<|im_end|>", add_special_tokens=False).ids
    assert ids[-1] == end and found.decode(ids[:-1]) == "def f():\n    pass"


def test_chat_is_as_transformers_has_it(folder):
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), chat_template=TEMPLATE)
    wanted = theirs.apply_chat_template(
        [{"role": "user", "content": "Why?"}], tokenize=False, add_generation_prompt=True
    )
    assert model_tokenizer.load(folder).chat("Why?") == wanted


def test_neve_s_own_folder(tokenizer_folder, tokenizer):
    found = model_tokenizer.load(tokenizer_folder)
    assert found.prefix == (tokenizer.eos,) and found.ends == tuple(range(7))
    assert (found.encode_batch(["x = 1\n"])[0] == tokenizer.encode_batch(["x = 1\n"])[0]).all()
    with pytest.raises(Fault, match="no chat template"):
        found.chat("Why?")


def test_a_template_cannot_reach_out(folder):
    """Oracle: jinja's sandbox refuses what leads from a value to the interpreter."""
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings["chat_template"] = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(Exception, match="unsafe"):
        model_tokenizer.load(folder).chat("Why?")


def test_nothing_that_ends_a_text_is_a_fault(folder):
    (folder / "config.json").unlink()
    (folder / "tokenizer_config.json").write_text("{}")
    made = Tokenizer.from_file(str(folder / "tokenizer.json")).to_str().replace("<|im_end|>", "<x>")
    (folder / "tokenizer.json").write_text(made)
    with pytest.raises(Fault, match="eos_token_id"):
        model_tokenizer.load(folder)
