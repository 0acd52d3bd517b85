"""Shapes of answers as servers send them. Oracle: each server's published reference."""

from __future__ import annotations

from typing import Any

import pytest

from neve.llm import answers
from neve.llm.answers import ENDINGS, Answer, Unreadable


def chat(content: Any, finish: Any = "stop", **message: Any) -> dict[str, Any]:
    said = {"role": "assistant", "content": content, **message}
    return {"choices": [{"index": 0, "finish_reason": finish, "message": said}]}


THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "U counts."}]}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (chat("x"), "x"),
        (chat(""), ""),
        (chat("x", reasoning_content="long thoughts"), "x"),
        (chat([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]), "ab"),
        (chat([THINKING, {"type": "text", "text": "x"}]), "x"),  # Mistral
        (chat([{"type": "reasoning", "text": "no"}, {"type": "output_text", "text": "x"}]), "x"),
        (chat(["a", {"text": "b"}]), "ab"),
        (chat(None, "length", reasoning_content="thought until the limit"), ""),
        (chat("x", refusal=None), "x"),
        ({"choices": [{"text": "x", "finish_reason": "length"}]}, "x"),
        ({"choices": [{"message": None, "text": "x", "finish_reason": "stop"}]}, "x"),
        (chat({"type": "text", "text": "x"}), "x"),
        (chat([None, {"type": "text", "text": {"value": "x", "annotations": []}}]), "x"),
        (chat([{"type": None, "text": "x"}], tool_calls=None, audio=None), "x"),
        (chat("", "length", reasoning_content="thought until the limit"), ""),
    ],
)
def test_the_text_of_an_answer(body: dict[str, Any], text: str) -> None:
    assert answers.read(body).text == text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (chat(None), "the content is null"),
        (chat(None, reasoning_content="thoughts"), "the content is null: the model only thought"),
        (chat([THINKING]), "the content is null"),
        (chat([]), "the content is null"),
        (chat("", reasoning_content="thoughts"), "the content is empty: the model only thought"),
        (chat("\n\n", reasoning="thoughts"), "the content is empty: the model only thought"),
        (chat(None, reasoning_details=[{"text": "thoughts"}]), "the content is null: the model only thought"),
        (
            chat("", thinking_blocks=[{"thinking": "thoughts"}]),
            "the content is empty: the model only thought",
        ),
        (chat([{"type": "refusal", "refusal": "I cannot."}]), "refused: I cannot."),
        (chat(None, refusal="I cannot help with that."), "refused: I cannot help with that."),
        (chat("", "content_filter"), "refused: finish_reason content_filter"),
        ({"choices": [{"finish_reason": "stop", "message": {"role": "assistant"}}]}, "the content is null"),
        (chat({"a": 1}), "lacks"),
        (chat([{"type": "text", "text": 3}]), "lacks"),
        (chat([3]), "lacks"),
        (chat("x", 3), "lacks"),
        (chat("\ud800"), "Unicode"),
        ({"choices": []}, "lacks"),
        ({"choices": [None]}, "lacks"),
        ({"choices": [{"message": "x"}]}, "lacks"),
        ({"error": {"message": "overloaded"}}, "lacks"),
        ([], "lacks"),
        (None, "lacks"),
    ],
)
def test_what_is_no_answer_says_why(body: Any, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        answers.read(body)


def test_words_for_why_an_answer_ended() -> None:
    words = [word for words in ENDINGS.values() for word in words]
    assert len(set(words)) == len(words) and all(word == word.lower() for word in words)
    for word in ("stop", "eos_token", "stop_sequence", "STOP", "end_turn", "COMPLETE", "eosFound"):
        assert Answer("x", word).ending == "ended", word
    for word in ("length", "MAX_TOKENS", "model_length", "max_tokens", "abort", "tool_calls"):
        assert Answer("x", word).ending == "cut", word
    for word in ("content_filter", "SAFETY", "RECITATION", "refusal"):
        assert Answer("x", word).ending == "refused", word
    assert Answer("x", None).ending == Answer("x", "zzz").ending == "unknown"


@pytest.mark.parametrize(
    ("word", "ending"),
    [
        ("FINISH_REASON_STOP", "ended"), ("endTurn", "ended"), ("stop-sequence", "ended"), ("END_ID", "ended"), ("STOP_WORDS", "ended"),
        ("FINISH", "ended"), ("endoftext", "ended"), ("FINISH_REASON_MAX_TOKENS", "cut"), ("maxTokens", "cut"), ("max-tokens", "cut"),
        ("tool-calls", "cut"), ("TIMED_OUT", "cut"), ("NOT_FINISHED", "cut"), ("ERROR_LIMIT", "cut"), ("MALFORMED_FUNCTION_CALL", "cut"),
        ("content-filter", "refused"), ("IMAGE_SAFETY", "refused"), ("FINISH_REASON_SAFETY", "refused"),
    ],
)  # fmt: skip
def test_a_word_means_the_same_however_it_is_written(word: str, ending: str) -> None:
    assert Answer("x", word).ending == ending


@pytest.mark.parametrize(
    ("choice", "beside"),
    [
        ({"finish_reason": {"type": "length", "length": 384}}, {}),
        ({"finish_details": {"type": "max_tokens"}}, {}),
        ({"finish_reason": None, "native_finish_reason": "MAX_TOKENS"}, {}),
        ({"stop_reason": "max_tokens"}, {}),
        ({"stop_type": "limit"}, {}),
        ({}, {"done_reason": "length"}),
    ],
)
def test_where_servers_say_that_an_answer_was_cut(choice: dict[str, Any], beside: dict[str, Any]) -> None:
    body = {"choices": [{"message": {"content": "x"}, **choice}], **beside}
    assert answers.read(body).ending == "cut"
    number = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop", "stop_reason": 151645}]}
    assert answers.read(number).finish == "stop"


def test_usage_keeps_whole_numbers_alone() -> None:
    usage = {"completion_tokens": 7, "prompt_tokens": 3, "details": {"a": 1}, "ok": True, "huge": 1 << 60,
             "cached": -1}  # fmt: skip
    assert answers.read(chat("x") | {"usage": usage}).usage == {"completion_tokens": 7, "prompt_tokens": 3}
    assert answers.read(chat("x") | {"usage": None}).usage == {}
