"""An endpoint's answer: its text and why it ended, read out of the JSON shapes that servers send.

`content` may be a text, a list of parts, or null beside `reasoning_content` or `refusal`. What a model
thought is not its answer: thinking parts are left out, and an answer of thoughts alone is a failure with
that reason, as a refusal is. So a question that got no answer is never taken for one that got a wrong
answer.

`finish` stays the server's own word, in the ledger too; ENDINGS says what it means, so that a new word is
one more line there and asks nothing again.

Sources: the APIs of OpenAI, Anthropic, Google, Mistral, Cohere, Amazon Bedrock, Together, DeepSeek, watsonx;
the servers vLLM, SGLang, Text Generation Inference, llama.cpp, Ollama, LM Studio.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

Ending = Literal["ended", "cut", "refused", "unknown"]
"""ended: by itself. cut: at a limit, or by the server. refused: by a filter. unknown: no word, or one not
known."""

ENDINGS: dict[Ending, tuple[str, ...]] = {
    "ended": (
        "stop", "eos", "eos_token", "eot", "eot_token", "end", "end_id", "endoftext", "stop_sequence", "stop_token", "stop_words",
        "end_turn", "end_of_turn", "end_of_text", "complete", "completed", "finish", "finished", "word", "eos_found",
        "stop_string_found", "stop_str", "stop_word", "matched_stop", "done", "normal", "success", "succeeded",
    ),
    "cut": (
        "length", "max_tokens", "max_length", "max_output_tokens", "max_new_tokens", "max_completion_tokens", "model_length",
        "token_limit", "limit", "error_limit", "context_length", "max_context_length", "model_context_window_exceeded",
        "max_predicted_tokens_reached", "context_length_reached", "time_limit", "timeout", "timed_out", "abort", "aborted",
        "cancel", "cancelled", "canceled", "user_cancel", "user_stopped", "interrupted", "preempt", "error", "failed",
        "network_error", "insufficient_system_resource", "incomplete", "not_finished", "repetition", "tool_calls", "tool_use",
        "function_call", "tool_call", "unexpected_tool_call", "malformed_function_call", "malformed_model_output",
        "malformed_tool_use", "pause_turn", "load", "unload",
    ),
    "refused": (
        "content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety", "image_safety", "recitation",
        "blocklist", "prohibited_content", "spii", "language", "error_toxic", "sensitive", "moderation", "flagged",
    ),
}  # fmt: skip
"""Why an answer ended, by the server's word; case, hyphens and underscores make no difference."""


def _plain(word: str) -> str:
    """A word by its letters alone: `FINISH_REASON_MAX_TOKENS`, `max-tokens` and `maxTokens` are one."""
    return re.sub("[^a-z]", "", word.lower()).removeprefix("finishreason")


_MEANING = {_plain(word): ending for ending, words in ENDINGS.items() for word in words}
_FINISH = (
    ("choice", "finish_reason"), ("choice", "native_finish_reason"), ("choice", "stop_reason"), ("choice", "finish_details"),
    ("choice", "stop_type"), ("answer", "done_reason"), ("answer", "stop_reason"),
)  # fmt: skip
"""Where a server says why an answer ended, in the order in which it is asked."""
_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks")
"""Where it puts what the model thought."""
_SPOKEN = ("text", "output_text")
"""Types of a content part that are the answer; others ("thinking", "reasoning", "image_url", …) are not."""


@dataclass(frozen=True)
class Answer:
    """What became of a question: `text` and why it ended, or an `error` in one line (then `text`
    is empty)."""

    text: str
    finish: str | None = None
    """The server's finish_reason, as it said it."""
    usage: dict[str, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def ending(self) -> Ending:
        """What `finish` means.

        >>> Answer("x", "eos_token").ending, Answer("x", "MAX_TOKENS").ending, Answer("x").ending
        ('ended', 'cut', 'unknown')
        """
        return _MEANING.get(_plain(self.finish or ""), "unknown")


class Unreadable(ValueError):
    """A body that holds no answer; the message says why."""


def read(data: Any) -> Answer:
    """The answer in the JSON of a chat completion or a completion. Raises Unreadable."""
    try:
        choice = data["choices"][0]
        message = choice.get("message") or {"content": choice["text"]}
        content = message.get("content")
        finish = _finish(choice, data)
        usage = data.get("usage") or {}
        if not isinstance(finish, str | None) or not isinstance(usage, dict):
            raise TypeError
        text = _text(content)
    except (LookupError, TypeError, AttributeError):
        raise Unreadable("the answer lacks choices[0].message.content, or .text, as text") from None
    try:
        (text or "").encode(), (finish or "").encode()
    except UnicodeEncodeError:
        raise Unreadable("the answer's text is no valid Unicode") from None
    counts = {k: v for k, v in usage.items() if type(v) is int and 0 <= v < 1 << 53}
    answer = Answer(text or "", finish, counts)
    if not text:
        parts = content if isinstance(content, list) else []
        refusals = [p.get("refusal") for p in [message, *parts] if isinstance(p, dict)]
        if refusal := next((r for r in refusals if isinstance(r, str) and r), ""):
            raise Unreadable(f"refused: {refusal}")
        if answer.ending == "refused":
            raise Unreadable(f"refused: finish_reason {finish}")
    thoughts = any(message.get(name) for name in _THOUGHTS)
    if answer.ending != "cut" and (text is None or (thoughts and not text.strip())):
        null = "the content is null" if text is None else "the content is empty"
        raise Unreadable(null + (": the model only thought" if thoughts else ""))
    return answer


def failure(data: Any) -> dict[str, Any] | None:
    """The error in an answer that came with status 200, as gateways give it: {message, code}; None where
    there is none.

    >>> failure({"error": {"code": 429, "message": "busy"}}), failure({"error": None, "choices": []})
    ({'code': 429, 'message': 'busy'}, None)
    """
    if not isinstance(data, dict):
        return None
    choices = data.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    for place in (data, first):
        error = place.get("error") if isinstance(place, dict) else None
        if error:
            return error if isinstance(error, dict) and "message" in error else {"message": str(error)[:500]}
    return None


def _finish(choice: dict[str, Any], data: dict[str, Any]) -> Any:
    """Why an answer ended: the first word under the names that servers have for it; SGLang's and others' may
    be an object."""
    for place, name in _FINISH:
        found = (choice if place == "choice" else data).get(name)
        found = found.get("type") if isinstance(found, dict) else found
        if isinstance(found, str) or (found is not None and name == "finish_reason"):
            return found  # vLLM's stop_reason may be a token's number
    return None


def _text(content: Any) -> str | None:
    """A content's text; None where it is null or holds no part that is the answer. Raises TypeError."""
    if content is None or isinstance(content, str):
        return content
    parts = [content] if isinstance(content, dict) and "text" in content else content
    if not isinstance(parts, list):
        raise TypeError
    spoken = [
        part if isinstance(part, str) else _value(part["text"])
        for part in parts
        if isinstance(part, str) or (part and (part.get("type") or "text") in _SPOKEN)
    ]
    if not all(isinstance(part, str) for part in spoken):
        raise TypeError
    return "".join(spoken) if spoken else None


def _value(text: Any) -> Any:
    """A part's text, which may be an object beside its annotations."""
    return text.get("value") if isinstance(text, dict) else text
