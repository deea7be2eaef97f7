"""Model cards: name, purpose, size, whether it fits, and actions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from core.errors import N_
from core.models.catalogue import Entry
from core.models.discover import Foreign
from core.models.fit import Fit, Verdict
from core.models.library import LocalModel
from desktop.i18n import language, tr

ROLES = (
    "chat",
    "embedding",
    "reranker",
    "entailment",
    "speech",
    "turns",
    "speakers",
    "voice",
    "voices",
    "recognition",
    "adapter",
)
_VERDICTS = {Verdict.FITS: N_("fits"), Verdict.SLOW: N_("slow"), Verdict.NOT: N_("will not fit")}

Action = tuple[str, Callable[[], None], bool]  # label, what it does, whether it is the main one
Choice = tuple[str, Callable[[], None]]


def role_name(role: str) -> str:
    return {
        "chat": tr("Chat"),
        "embedding": tr("Document search"),
        "reranker": tr("Passage ranking"),
        "entailment": tr("Answer checking"),
        "speech": tr("Speech to text"),
        "turns": tr("End of speech"),
        "speakers": tr("Speakers"),
        "voice": tr("Reading aloud"),
        "voices": tr("Voices"),
        "recognition": tr("Text recognition"),
        "adapter": tr("Adapter"),
    }[role]


def language_names(languages: list[str]) -> str:
    names = {"en": tr("English"), "ja": tr("Japanese"), "multilingual": tr("many languages")}
    known = [names[code] for code in ("en", "ja", "multilingual") if code in languages]
    return ", ".join(known or languages[:3])


def size_text(size: int) -> str:
    """Bytes in the unit that people compare downloads in."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def fit_text(fit: Fit) -> str:
    """The verdict's reason in the person's language."""
    return tr(fit.reason, **fit.values)


def badge(fit: Fit) -> QLabel:
    """The verdict in a word, with its reason as a tooltip."""
    value = _VERDICTS[fit.verdict]
    label = QLabel(tr(value))
    label.setProperty("role", "badge")
    label.setProperty("verdict", fit.verdict.name.lower())
    label.setToolTip(fit_text(fit))
    return label


def describe(model: LocalModel) -> str:
    """What a model is good for, honestly."""
    if model.id == "smollm2-135m-instruct":
        return tr(
            "Starts right away. A very small model for trying things out: English only, and often wrong."
        )
    if model.role == "embedding":
        return tr("Finds passages in English documents. Multilingual search is built in.")
    if model.role == "reranker":
        return tr("Puts the passages that were found in order. Choose it in the settings under Documents.")
    if model.role == "entailment":
        return tr("Checks answers against your documents. Choose it in the settings under Documents.")
    if model.id == "whisper-tiny-en":
        return tr("Turns spoken English into text. Fast.")
    if model.role == "speech":
        return tr("Turns speech in many languages into text. Weak at Japanese.")
    if model.role == "voice":
        return tr("Reads answers and documents aloud, in Japanese and English.")
    if model.role == "voices":
        return tr("English voices for reading aloud.")
    if model.role == "speakers":
        return tr("Tells in recordings who says what, by the voices.")
    if model.role == "turns":
        return tr("Hears whether you have finished speaking, in English, Japanese and other languages.")
    if model.role == "recognition":
        return tr("Reads the text in scans and pictures, in English, Japanese and other languages.")
    if model.role == "adapter":
        return tr(
            "Changes a model's style or knowledge. To use it, choose “Adjust” on a model it was made for."
        )
    return tr("Added by you.")


def card(
    name: str,
    mark: QWidget | None,
    facts: list[str],
    text: str,
    actions: list[Action],
    more: list[Choice] | None = None,
) -> QFrame:
    """A frame with a name and a mark, a line of facts, a sentence, buttons, and a menu of what is rarer."""
    frame = QFrame()
    frame.setObjectName("card")
    title = QLabel(name)
    title.setProperty("role", "name")
    top = QHBoxLayout()
    top.addWidget(title)
    top.addStretch()
    if mark is not None:
        top.addWidget(mark)
    meta = QLabel(" · ".join(fact for fact in facts if fact))
    meta.setProperty("role", "muted")
    meta.setWordWrap(True)
    layout = QVBoxLayout(frame)
    layout.setContentsMargins(16, 14, 16, 14)
    layout.setSpacing(6)
    layout.addLayout(top)
    layout.addWidget(meta)
    if text:
        words = QLabel(text)
        words.setWordWrap(True)
        layout.addWidget(words)
    layout.addStretch()
    if actions or more:
        row = QHBoxLayout()
        for label, function, main in actions:
            button = QPushButton(label)
            if main:
                button.setProperty("role", "primary")
            button.setAccessibleName(f"{label}: {name}")
            button.clicked.connect(lambda _=False, function=function: function())
            row.addWidget(button)
        row.addStretch()
        if more:
            row.addWidget(_menu(name, more))
        layout.addLayout(row)
    return frame


def _menu(name: str, choices: list[Choice]) -> QPushButton:
    button = QPushButton(tr("More"))
    button.setAccessibleName(tr("More for {name}", name=name))
    menu = QMenu(button)
    for label, function in choices:
        menu.addAction(label).triggered.connect(lambda _=False, function=function: function())
    button.setMenu(menu)
    return button


def local_card(model: LocalModel, actions: list[Action], more: list[Choice], *, sees: bool = False) -> QFrame:
    """A model that lies on this computer, or of which only its entry in the list is left; whether it `sees` pictures."""
    value = model.lacks
    mark = QLabel(tr("unavailable") if model.lacks else tr("on this computer"))
    mark.setProperty("role", "chip")
    facts = [
        role_name(model.role),
        tr("sees pictures") if sees else "",
        language_names(model.languages),
        model.licence,
        size_text(model.size_bytes) if not model.lacks else "",
    ]
    text = (
        tr(
            "This model cannot be used: {reason} ({place}). Put the file back, or remove the model from the list.",
            reason=tr(value),
            place=str(model.place),
        )
        if model.lacks
        else describe(model)
    )
    return card(model.name, mark, facts, text, actions, more)


def foreign_card(model: Foreign, use: Callable[[], None]) -> QFrame:
    """A model that another program holds."""
    mark = QLabel(model.program)
    mark.setProperty("role", "chip")
    text = tr(
        "Found in {program}. It can be used from where it is; nothing is copied.", program=model.program
    )
    return card(model.name, mark, [size_text(model.size_bytes)], text, [(tr("Use it"), use, False)])


def entry_card(
    entry: Entry, fit: Fit, actions: list[Action], *, best: bool = False, here: bool = False
) -> QFrame:
    """A model of the catalogue; `best` is the one to choose on this computer, and one that is `here` need not be fetched."""
    japanese = {"good": tr("good Japanese"), "fair": tr("fair Japanese")}.get(entry.japanese, "")
    facts = [japanese, tr("thinks first") if entry.thinking else "", entry.licence, size_text(entry.size)]
    facts += [tr("on this computer")] if here else []
    purpose = entry.purpose.get(language(), entry.purpose["en"])
    if best:
        purpose = tr("The best choice for this computer. {purpose}", purpose=purpose)
    frame = card(entry.name, badge(fit), facts, purpose, actions)
    reason = QLabel(fit_text(fit))
    reason.setProperty("role", "muted")
    reason.setWordWrap(True)
    layout = frame.layout()
    assert isinstance(layout, QVBoxLayout)
    layout.insertWidget(3, reason, 0, Qt.AlignmentFlag.AlignTop)
    return frame
