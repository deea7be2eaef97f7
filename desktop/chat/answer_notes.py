"""What is said about an answer in words: what happens before it, and what the person should know of it."""

from __future__ import annotations

from core.chat.conversation import Message, MessageState, Problem
from core.chat.events import AnswerPhase, Phase
from core.errors import from_wire
from desktop.documents.adding import left_text
from desktop.error_text import sentence
from desktop.i18n import tr, tr_n

LONG_PROMPT = 600  # new tokens of a prompt from which on one sees how far it is read


def phase_text(event: AnswerPhase) -> str:
    """What is happening before an answer's first word, or between parts of whole documents."""
    if event.phase is Phase.READING and event.total >= LONG_PROMPT:
        read = tr("Reading {done} of {total} tokens", done=f"{event.done:,}", total=f"{event.total:,}")
        return " · ".join(filter(None, (read, left_text(event.left))))
    if event.phase is Phase.PARTS:
        part = tr("Reading part {n} of {total}", n=event.part, total=event.of)
        return " · ".join(filter(None, (part, left_text(event.left))))
    if event.phase is Phase.SEARCHING and event.total:
        return tr("Reading past chats: {done} of {total}", done=f"{event.done:,}", total=f"{event.total:,}")
    return {
        Phase.WAITING: tr("Waiting for another chat's answer…"),
        Phase.LOADING: tr("Loading the model…"),
        Phase.SEARCHING: tr("Searching the documents…"),
        Phase.READING: tr("Reading…"),
        Phase.SUMMARISING: tr("Summarising earlier messages, so that the chat fits the model's context…"),
        Phase.WRITING: "",
    }[event.phase]


def note_texts(message: Message) -> list[str]:
    """What the person should know of an answer that has ended, a sentence or two each; none where all is well."""
    outcome, marks = message.details.outcome, message.details.marks
    texts: list[str] = []
    if message.state is MessageState.STOPPED:
        texts.append(tr("You stopped this answer."))
    elif message.state is MessageState.INTERRUPTED and message.details.whole is not None:
        texts.append(tr("Tsukue closed before this was finished. Continue to get the rest."))
    elif message.state is MessageState.INTERRUPTED:
        texts.append(
            tr("Tsukue closed before this answer was finished. Regenerate it to get the whole answer.")
        )
    elif message.state is MessageState.FAILED:
        problem = message.details.error or Problem()
        texts.append(sentence(from_wire(problem.name, problem.fields)))
    if outcome == "not found":
        texts.append(
            tr("Your past chats do not seem to mention this. Rephrase the question.")
            if message.details.past
            else tr(
                "Your documents do not seem to mention this. Rephrase the question, or add another document."
            )
        )
        if message.details.missing:
            words = tr(", ").join(message.details.missing)
            texts.append(tr("What comes nearest does not mention: {words}").format(words=words))
    elif message.details.unspoken:
        language = tr("Japanese") if message.details.unspoken == "ja" else tr("English")
        texts.append(
            tr(
                "{model} does not write {language}, so the document itself is quoted. For answers in {language}, choose another model."
            ).format(model=message.model, language=language)
        )
    elif outcome == "quotation" and message.text:
        texts.append(
            tr("Your past chats do not support this answer. What they do say is quoted above.")
            if message.details.past
            else tr("Your documents do not support this answer. What they do say is quoted above.")
        )
    elif outcome == "answered" and any(mark.marker is None for mark in marks):
        texts.append(
            tr("Sentences marked with ? were not found in past chats.")
            if message.details.past
            else tr("Sentences marked with ? were not found in the documents.")
        )
    if any(mark.implied for mark in marks):
        texts.append(
            tr("Sentences marked with ≈ stand there in other words, as your answer checking model reads it.")
        )
    if message.details.finish == "length":
        texts.append(
            tr(
                "The answer reached the maximum length. Ask the model to continue, or raise the limit in the settings."
            )
        )
    elif message.details.finish == "context":
        texts.append(tr("The model's context is full, so the answer ends here."))
    if message.details.left_out:
        texts.append(
            tr_n(
                "This chat was longer than the model's context: {n} earlier message was summarised.",
                "This chat was longer than the model's context: {n} earlier messages were summarised.",
                message.details.left_out,
            )
            if message.details.summarised
            else tr_n(
                "This chat was longer than the model's context: {n} earlier message was not read.",
                "This chat was longer than the model's context: {n} earlier messages were not read.",
                message.details.left_out,
            )
        )
    return texts
