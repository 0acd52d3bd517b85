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

from dataclasses import dataclass, field
from typing import Any, Literal

Ending = Literal["ended", "cut", "refused", "unknown"]
"""ended: by itself. cut: at a limit, or by the server. refused: by a filter. unknown: no word, or one not
known."""

ENDINGS: dict[Ending, tuple[str, ...]] = {
    "ended": (
        "stop", "eos", "eos_token", "stop_sequence", "stop_token", "end_turn", "end_of_turn", "end_of_text", "complete",
        "completed", "finished", "word", "eosfound", "stopstringfound", "stop_str", "stop_word", "done",
    ),
    "cut": (
        "length", "max_tokens", "max_output_tokens", "max_new_tokens", "max_completion_tokens", "model_length", "token_limit", "limit", "context_length",
        "model_context_window_exceeded", "maxpredictedtokensreached", "contextlengthreached", "time_limit", "timeout",
        "abort", "aborted", "cancelled", "canceled", "userstopped", "error", "failed", "insufficient_system_resource", "incomplete",
        "tool_calls", "tool_use", "function_call", "tool_call", "pause_turn", "load", "unload",
    ),
    "refused": (
        "content_filter", "content_filtered", "guardrail_intervened", "refusal", "safety", "recitation", "blocklist",
        "prohibited_content", "spii", "language", "error_toxic", "sensitive", "flagged",
    ),
}  # fmt: skip
"""Why an answer ended, by the server's word in lower case."""

_MEANING = {word: ending for ending, words in ENDINGS.items() for word in words}
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
        return _MEANING.get((self.finish or "").lower(), "unknown")


class Unreadable(ValueError):
    """A body that holds no answer; the message says why."""


def read(data: Any) -> Answer:
    """The answer in the JSON of a chat completion or a completion. Raises Unreadable."""
    try:
        choice = data["choices"][0]
        message = choice["message"] if "message" in choice else {"content": choice["text"]}
        content = message.get("content")
        finish = choice.get("finish_reason")
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
    counts = {k: v for k, v in usage.items() if type(v) is int and abs(v) < 1 << 53}
    answer = Answer(text or "", finish, counts)
    if not text:
        if isinstance(refusal := message.get("refusal"), str) and refusal:
            raise Unreadable(f"refused: {refusal}")
        if answer.ending == "refused":
            raise Unreadable(f"refused: finish_reason {finish}")
    if text is None and answer.ending != "cut":
        thoughts = message.get("reasoning_content") or message.get("reasoning")
        raise Unreadable("the content is null" + (": the model only thought" if thoughts else ""))
    return answer


def _text(content: Any) -> str | None:
    """A content's text; None where it is null or holds no part that is the answer. Raises TypeError."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TypeError
    spoken = [
        part if isinstance(part, str) else part["text"]
        for part in content
        if isinstance(part, str) or part.get("type", "text") in _SPOKEN
    ]
    if not all(isinstance(part, str) for part in spoken):
        raise TypeError
    return "".join(spoken) if spoken else None
