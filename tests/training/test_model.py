"""Oracle: transformers' LlamaForCausalLM on the same weights, and on what `save` wrote."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from neve.errors import Fault
from neve.tokens import bpe
from neve.training.model import Config, Llama, load, save


def twin(model: Llama) -> LlamaForCausalLM:
    """transformers' model with the weights of ours."""
    c = model.config
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=c.vocab_size,
            hidden_size=c.hidden,
            intermediate_size=c.intermediate,
            num_hidden_layers=c.layers,
            num_attention_heads=c.heads,
            num_key_value_heads=c.kv_heads,
            rms_norm_eps=c.norm_eps,
            rope_parameters={"rope_theta": c.rope_base, "rope_type": "default"},
            tie_word_embeddings=c.tied,
            max_position_embeddings=c.max_positions,
            attn_implementation="sdpa",
        )
    )
    missing, unexpected = theirs.load_state_dict(model.state_dict(), strict=False)
    assert not unexpected and set(missing) <= ({"lm_head.weight"} if c.tied else set())
    theirs.tie_weights()
    return theirs.eval()


@pytest.mark.parametrize("kv_heads", [4, 2])
@pytest.mark.parametrize("tied", [True, False])
def test_logits_are_bit_equal_to_transformers(config: Config, kv_heads: int, tied: bool):
    model = Llama(dataclasses.replace(config, kv_heads=kv_heads, tied=tied), seed=3)
    tokens = torch.randint(0, 97, (2, 64))
    with torch.no_grad():
        assert torch.equal(model.logits(model(tokens)), twin(model)(input_ids=tokens).logits)


def test_gradients_equal_transformers(config: Config):
    """The hand-written gradients of norm, projections and attention against autograd's; the second time they add up."""
    model = Llama(config, seed=3)
    theirs = twin(model).train()
    tokens = torch.randint(0, 97, (2, 64))
    weights = torch.randn(2, 64, 97)
    for _ in range(2):
        (model.logits(model(tokens)) * weights).sum().backward()
        (theirs(input_ids=tokens).logits * weights).sum().backward()
    expected = dict(theirs.named_parameters())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name].grad, rtol=1e-4, atol=1e-5)


def test_the_draw_is_by_name_and_seed(config: Config):
    """Deviation 0.02, residual projections 0.02/√(2·layers); another seed is another draw, more layers change none."""
    wide = dataclasses.replace(config, hidden=256, vocab_size=1000)
    model = Llama(wide, seed=1)
    weights = model.state_dict()
    assert weights["model.embed_tokens.weight"].std().item() == pytest.approx(0.02, rel=0.01)
    assert weights["model.layers.1.self_attn.o_proj.weight"].std().item() == pytest.approx(0.01, rel=0.02)
    assert weights["model.layers.0.mlp.down_proj.weight"].std().item() == pytest.approx(0.01, rel=0.02)
    assert torch.equal(weights["model.norm.weight"], torch.ones(256))
    same, other = Llama(wide, seed=1).state_dict(), Llama(wide, seed=2).state_dict()
    name = "model.layers.0.mlp.up_proj.weight"
    assert torch.equal(weights[name], same[name]) and not torch.equal(weights[name], other[name])
    untied = Llama(dataclasses.replace(wide, tied=False), seed=1).state_dict()
    assert torch.equal(weights[name], untied[name])


@pytest.mark.parametrize("tied", [True, False])
def test_folder_loads_with_equal_logits(config: Config, tied: bool, stages, tmp_path):
    """AutoModelForCausalLM and `load` read the folder, and AutoTokenizer and bpe.load its tokenizer."""
    model = Llama(dataclasses.replace(config, tied=tied, vocab_size=400), seed=3)
    save(model, tmp_path, stages["tokenizer"])
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix in (".bin", ".pt", ".py", ".pkl")) == []
    tokens = torch.randint(0, 400, (2, 64))
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="sdpa")
    assert theirs.dtype == torch.float32 and theirs.generation_config.eos_token_id == 0
    with torch.no_grad():
        expected = model.logits(model(tokens))
        assert torch.equal(theirs(input_ids=tokens).logits, expected)
        again = load(tmp_path)
        assert again.config == model.config and torch.equal(again.logits(again(tokens)), expected)
    text = "def add(a, b):\n    return a + b\n"
    ids = AutoTokenizer.from_pretrained(tmp_path)(text, add_special_tokens=False)["input_ids"]
    assert ids == bpe.load(tmp_path).encode_batch([text])[0].tolist()


def test_reads_what_transformers_writes(config: Config, tmp_path):
    model = Llama(config, seed=3)
    twin(model).save_pretrained(tmp_path)
    again = load(tmp_path)
    tokens = torch.randint(0, 97, (1, 64))
    with torch.no_grad():
        assert torch.equal(again(tokens), model(tokens))


def test_a_broken_folder_is_a_fault(config: Config, tmp_path):
    with pytest.raises(Fault, match=r"config\.json"):
        load(tmp_path)
    save(Llama(config), tmp_path, None)
    weights = load_file(tmp_path / "model.safetensors")
    weights["model.norm.weight"] = torch.ones(31)
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(Fault, match=r"model\.norm\.weight has shape \(31,\), config.json says \(32,\)"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(Fault, match="not a readable model folder"):
        load(tmp_path)
    raw = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(raw | {"architectures": ["GPT2LMHeadModel"]}))
    with pytest.raises(Fault, match="GPT2LMHeadModel"):
        load(tmp_path)


HOSTILE = [
    ({"num_hidden_layers": 10**9}, "num_hidden_layers = 1000000000 with"),
    ({"hidden_size": 1 << 30}, "config.json says"),
    ({"vocab_size": 2**62}, "vocab_size = 4611686018427387904"),
    ({"vocab_size": "97"}, "vocab_size = '97'"),
    ({"num_attention_heads": 0}, "num_attention_heads = 0"),
    ({"num_attention_heads": 3}, "do not fit"),
    ({"num_key_value_heads": 3}, "do not fit"),
    ({"num_hidden_layers": True}, "num_hidden_layers = True"),
    ({"rms_norm_eps": float("nan")}, "rms_norm_eps = nan"),
    ({"rope_theta": float("inf")}, "rope_theta = inf"),
    ({"tie_word_embeddings": "yes"}, "tie_word_embeddings = 'yes'"),
    ({"rope_parameters": 7}, "not a readable model folder"),
    ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_type = 'linear'; only 'default' can be read"),
    ({"rope_parameters": {"rope_theta": 1e4, "rope_type": "yarn"}}, "rope_type = 'yarn'"),
    ({"hidden_act": "gelu"}, "hidden_act = 'gelu'"),
    ({"attention_bias": True}, "attention_bias = True; only False can be read"),
]


@pytest.mark.parametrize(("change", "said"), HOSTILE, ids=[str(change) for change, _ in HOSTILE])
def test_a_hostile_config_is_a_fault_and_takes_no_memory(config: Config, tmp_path, change: dict, said: str):
    save(Llama(config), tmp_path, None)
    raw = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(raw | change))
    with pytest.raises(Fault, match=said):
        load(tmp_path)


@pytest.mark.parametrize("text", ["[]", "7", "[" * 100_000, '{"architectures": ["LlamaForCausalLM"]}', ""])
def test_what_is_no_config_is_a_fault(config: Config, tmp_path, text: str):
    save(Llama(config), tmp_path, None)
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(Fault, match="not a readable model folder"):
        load(tmp_path)


@pytest.mark.parametrize("index", [{"a": "../x.safetensors"}, {"a": 7}, {"a": ".."}, [], None])
def test_a_hostile_index_is_a_fault(config: Config, tmp_path, index):
    save(Llama(config), tmp_path, None)
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    with pytest.raises(Fault):
        load(tmp_path)
