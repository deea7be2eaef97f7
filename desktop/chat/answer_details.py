"""How an answer was made, for those who want to know: model, tokens, times, settings."""

from __future__ import annotations

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from core.chat.conversation import Message
from desktop.i18n import tr


def rows(message: Message) -> list[tuple[str, str]]:
    """What is known of an answer, as names and values."""
    details, timings, sampling = message.details, message.details.timings, message.details.sampling
    when = QDateTime.fromSecsSinceEpoch(int(message.created))
    found = [
        (tr("Model"), message.model or tr("none")),
        (tr("Written"), QLocale().toString(when, QLocale.FormatType.ShortFormat)),
    ]
    if details.edited:
        found.append((tr("Edited"), tr("by you")))
    if timings is not None:
        found += [
            (tr("Prompt"), tr("{n} tokens", n=f"{timings.prompt_tokens:,}")),
            (tr("of these, already read"), tr("{n} tokens", n=f"{timings.cached_tokens:,}")),
            (tr("Answer"), tr("{n} tokens", n=f"{timings.completion_tokens:,}")),
            (tr("First word after"), _seconds(timings.first_token_s)),
            (tr("Finished after"), _seconds(timings.total_s)),
            (tr("Speed"), tr("{n} tokens per second", n=f"{timings.tokens_per_second:.1f}")),
        ]
        if timings.guessed_tokens:
            guessed = f"{timings.accepted_tokens:,} / {timings.guessed_tokens:,}"
            found.append((tr("Guessed ahead, rightly"), guessed))
    if details.thinking_s:
        found.append((tr("Thinking"), _seconds(details.thinking_s)))
    if details.load_s >= 0.1:
        found.append((tr("Loading the model"), _seconds(details.load_s)))
    if details.retrieval_s:
        found.append((tr("Searching the documents"), _seconds(details.retrieval_s)))
    if details.context_length:
        used = f"{details.context_used:,} / {details.context_length:,}"
        found.append((tr("Context used"), tr("{n} tokens", n=used)))
    if sampling is not None:
        found.append((tr("Temperature"), f"{sampling.temperature:g}"))
        if sampling.temperature:
            chosen = f"top-k {sampling.top_k}, top-p {sampling.top_p:g}, min-p {sampling.min_p:g}"
            found.append((tr("Choice of words"), chosen))
        if sampling.seed >= 0:
            found.append((tr("Seed"), str(sampling.seed)))
    return found


def _seconds(seconds: float) -> str:
    return tr("{n} s", n=f"{seconds:.1f}")


class AnswerDetailsDialog(QDialog):
    """A table of what is known, which can be copied."""

    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Details of the answer"))
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(6)
        found = rows(message)
        for name, value in found:
            title, shown = QLabel(name), QLabel(value)
            title.setProperty("role", "muted")
            for label in (title, shown):
                label.setTextFormat(Qt.TextFormat.PlainText)
            shown.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            form.addRow(title, shown)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
        copy.clicked.connect(
            lambda: QApplication.clipboard().setText("\n".join(f"{n}: {v}" for n, v in found))
        )
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addSpacing(8)
        layout.addWidget(buttons)
