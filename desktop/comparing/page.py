"""The page *Compare models*: side by side, by sets of questions, and how they stand by all votes."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from core.app import App
from core.comparing.model import Rating
from desktop.chat.formulas import Formulas
from desktop.comparing.contestants import Offer
from desktop.comparing.plot import Plot, Point
from desktop.comparing.question_sets import QuestionSets
from desktop.comparing.side_by_side import SideBySide
from desktop.desk import Desk
from desktop.i18n import language, tr, tr_n
from desktop.widgets.banner import Banner

NARROWEST = 360  # pixels


class ComparePage(QWidget):
    """Three tabs."""

    def __init__(self, app: App, desk: Desk, formulas: Formulas) -> None:
        super().__init__()
        self.setObjectName("page")
        self._app = app
        self._desk = desk
        heading = QLabel(tr("Compare models"))
        heading.setProperty("role", "heading")
        about = QLabel(tr("Which model suits you: by your own eyes, or by questions whose answers you know."))
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self.side_by_side = SideBySide(app.comparing, desk, formulas)
        self.side_by_side.voted.connect(self._read_ratings)
        self.question_sets = QuestionSets(app.comparing, desk)
        self.plot = Plot(desk.theme)
        self.plot.setAccessibleName(tr("Ratings"))
        self.standing = QLabel()
        self.standing.setProperty("role", "muted")
        self.standing.setWordWrap(True)
        ratings = QWidget()
        inside = QVBoxLayout(ratings)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(self.standing)
        inside.addWidget(self.plot)
        inside.addStretch()
        self.stack = QStackedWidget()
        self.tabs: dict[str, QPushButton] = {}
        row = QHBoxLayout()
        row.setSpacing(8)
        for key, label, page in (
            ("side", tr("Side by side"), self.side_by_side),
            ("questions", tr("Question sets"), self.question_sets),
            ("ratings", tr("Ratings"), ratings),
        ):
            self.stack.addWidget(page)
            button = self.tabs[key] = QPushButton(label)
            button.setProperty("role", "chip")
            button.clicked.connect(partial(self.show_tab, key))
            row.addWidget(button)
        row.addStretch()
        self.banner = Banner(desk.theme)
        desk.notify.shown.connect(self.banner.show_message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(32, 24, 24, 16)
        layout.setSpacing(10)
        layout.addWidget(heading)
        layout.addWidget(about)
        layout.addLayout(row)
        layout.addWidget(self.banner)
        layout.addWidget(self.stack, 1)
        self.show_tab("side")

    def minimumSizeHint(self) -> QSize:
        """Narrower than its parts would like: pages lie behind each other, and none may widen the others."""
        return QSize(NARROWEST, 300)

    def show_tab(self, key: str) -> None:
        """Show 'side', 'questions' or 'ratings'."""
        self.stack.setCurrentIndex(list(self.tabs).index(key))
        for name, button in self.tabs.items():
            button.setProperty("active", "true" if name == key else "false")
            button.style().unpolish(button)
            button.style().polish(button)

    def refresh(self) -> None:
        """Look again at what there is."""
        app = self._app

        def look() -> Offer:
            assistants = [(one.id, one.wording(language()).name) for one in app.assistants.all()]
            return Offer(app.engines.chat_models(), assistants)

        self._desk.reads.ask(look, self._show_offer, key="compare offer")
        self.question_sets.refresh()
        self._read_ratings()

    def _show_offer(self, offer: Offer) -> None:
        self.side_by_side.contestants.offer(offer)
        self.question_sets.offer(offer)

    def _read_ratings(self) -> None:
        self._desk.reads.ask(self._app.comparing.ratings, self._show_ratings, key="ratings")

    def _show_ratings(self, ratings: list[Rating]) -> None:
        self.standing.setText(
            tr(
                "By your votes, on Elo's scale: 400 points are odds of ten to one. Where two lines overlap much, the votes do not tell yet who is better."
            )
            if ratings
            else tr("No votes yet. Ask several models the same, and say which answered best.")
        )
        self.standing.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.plot.show_points(
            [
                Point(
                    one.contestant.label(),
                    one.rating,
                    one.rating - one.plus_minus,
                    one.rating + one.plus_minus,
                    _figure(one),
                )
                for one in ratings
            ]
        )


def _figure(one: Rating) -> str:
    votes = tr_n("{n} vote", "{n} votes", one.comparisons)
    return f"{one.rating:.0f} ± {one.plus_minus:.0f} · {votes}"
