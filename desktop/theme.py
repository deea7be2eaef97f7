"""Colours and the style sheet, for light and dark; follows the system unless a setting says otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from core.paths import RESOURCES

TEXT_WIDTH = 720
_JAPANESE_FONTS = ["Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic UI", "Meiryo", "Noto Sans JP"]


@dataclass(frozen=True)
class Tokens:
    """One appearance's colours (the design's table)."""

    background: str
    panel: str
    card: str
    line: str
    text: str
    muted: str
    accent: str
    soft_accent: str
    warning: str
    highlight: str
    on_accent: str
    code_keyword: str
    code_string: str
    code_comment: str
    code_number: str
    code_name: str


LIGHT = Tokens(
    "#faf9f7",
    "#f3f1ed",
    "#ffffff",
    "#e4e0d9",
    "#23201c",
    "#6a645c",
    "#2f6f5e",
    "#e3efeb",
    "#b4581c",
    "#ffe58a",
    "#ffffff",
    "#7b3f93",
    "#47651a",
    "#6a645c",
    "#9c4a12",
    "#1f5d8c",
)
DARK = Tokens(
    "#1b1a18",
    "#22211e",
    "#2a2926",
    "#383632",
    "#ece8e1",
    "#9c958b",
    "#7cc4ae",
    "#25352f",
    "#e3975a",
    "#5d5220",
    "#16211d",
    "#cba0e3",
    "#aecb86",
    "#9c958b",
    "#e6a87f",
    "#8dbde6",
)


class Theme(QObject):
    """The current colours; `changed` is sent when the system or the setting switches them."""

    changing = Signal()  # about to: whoever has widgets that nobody sees lets go of them
    changed = Signal()

    def __init__(self, application: QApplication, wanted: str) -> None:
        super().__init__(application)
        self._application = application
        self.tokens = LIGHT
        self._wanted = wanted
        self.set_wanted(wanted)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._apply)

    def set_wanted(self, wanted: str) -> None:
        """'light', 'dark', or 'auto' for the system's choice."""
        self._wanted = wanted
        scheme = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}.get(
            wanted, Qt.ColorScheme.Unknown
        )
        QGuiApplication.styleHints().setColorScheme(scheme)
        self._apply()

    @property
    def dark(self) -> bool:
        return self.tokens is DARK

    def _apply(self) -> None:
        # Where no platform theme is loaded, Qt takes no wish and reports no scheme; the setting still counts.
        system = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        dark = system if self._wanted == "auto" else self._wanted == "dark"
        self.changing.emit()
        self.tokens = DARK if dark else LIGHT
        self._application.setPalette(_palette(self.tokens))
        self._application.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()


def font() -> QFont:
    """The system's interface font, with Japanese glyphs for what it lacks (never Chinese ones)."""
    general = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    chosen = QFont(general)
    chosen.setFamilies([*general.families(), *_JAPANESE_FONTS])
    chosen.setPixelSize(14)
    return chosen


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    for role, colour in (
        (QPalette.ColorRole.Window, tokens.background),
        (QPalette.ColorRole.WindowText, tokens.text),
        (QPalette.ColorRole.Base, tokens.card),
        (QPalette.ColorRole.AlternateBase, tokens.panel),
        (QPalette.ColorRole.Text, tokens.text),
        (QPalette.ColorRole.Button, tokens.panel),
        (QPalette.ColorRole.ButtonText, tokens.text),
        (QPalette.ColorRole.ToolTipBase, tokens.card),
        (QPalette.ColorRole.ToolTipText, tokens.text),
        (QPalette.ColorRole.PlaceholderText, tokens.muted),
        (QPalette.ColorRole.Highlight, tokens.accent),
        (QPalette.ColorRole.HighlightedText, tokens.on_accent),
        (QPalette.ColorRole.Link, tokens.accent),
    ):
        palette.setColor(role, QColor(colour))
    return palette


def style_sheet(t: Tokens) -> str:
    """The application's style sheet; widgets are addressed by object name or by the property `role`."""
    return f"""
    * {{ font-size: 14px; color: {t.text}; }}
    QMainWindow, #middle, #page, #transcript, #transcriptBody, QDialog {{ background: {t.background}; }}
    #sidebar, #sourcePanel {{ background: {t.panel}; }}
    #sidebar {{ border-right: 1px solid {t.line}; }}
    #sourcePanel {{ border-left: 1px solid {t.line}; }}
    #header, #sourceHeader {{ background: transparent; border-bottom: 1px solid {t.line}; }}
    #sourceTools {{ background: transparent; border-top: 1px solid {t.line}; }}
    QTableView#sheet {{ border: none; background: {t.card}; gridline-color: {t.line}; }}
    #title {{ font-size: 15px; font-weight: 600; }}
    QLabel {{ background: transparent; }}
    QLabel[role="muted"], #group {{ color: {t.muted}; font-size: 12px; }}
    QLabel[role="heading"] {{ font-size: 20px; font-weight: 600; }}
    QLabel[role="name"] {{ font-size: 15px; font-weight: 600; }}
    QLabel[role="warning"] {{ color: {t.warning}; font-size: 13px; border-left: 3px solid {t.warning}; padding-left: 8px; }}
    QToolTip {{ background: {t.card}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
    QScrollArea, QScrollArea > QWidget > QWidget {{ border: none; background: transparent; }}
    QPushButton, QToolButton {{
        border: 1px solid {t.line}; border-radius: 8px; padding: 5px 12px; background: {t.card};
    }}
    QPushButton:hover, QToolButton:hover {{ border-color: {t.muted}; }}
    QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {t.muted}; }}
    QPushButton[role="primary"] {{ background: {t.accent}; border-color: {t.accent}; color: {t.on_accent}; font-weight: 500; }}
    QPushButton[role="primary"] QLabel {{ color: {t.on_accent}; }}
    QToolButton[role="plain"], QPushButton[role="plain"] {{
        border: 1px solid transparent; background: transparent; color: {t.muted}; padding: 4px; font-size: 13px;
    }}
    QToolButton[role="plain"]:hover, QPushButton[role="plain"]:hover {{ background: {t.soft_accent}; color: {t.text}; }}
    QToolButton[role="plain"]:focus, QPushButton[role="plain"]:focus {{ border-color: {t.accent}; }}
    QToolButton[role="plain"]:checked {{ border-color: {t.text}; background: {t.soft_accent}; }}
    QToolButton[role="send"] {{ background: {t.accent}; border: 2px solid {t.accent}; border-radius: 9px; padding: 5px; }}
    QToolButton[role="send"]:focus {{ border-color: {t.text}; }}
    QToolButton[role="send"]:disabled {{ background: {t.line}; border-color: {t.line}; }}
    QToolButton[role="recording"] {{ background: {t.warning}; border: 1px solid {t.warning}; border-radius: 9px; padding: 4px; }}
    QToolButton[role="chip"], QPushButton[role="chip"], QLabel[role="chip"] {{
        border: 1px solid {t.line}; border-radius: 13px; background: {t.card}; padding: 3px 10px; color: {t.muted}; font-size: 13px;
    }}
    QLabel[role="badge"] {{ border-radius: 11px; padding: 2px 10px; font-size: 12px; background: {t.panel}; color: {t.muted}; }}
    QLabel[role="badge"][verdict="fits"] {{ background: {t.soft_accent}; color: {t.accent}; font-weight: 600; }}
    QLabel[role="badge"][verdict="slow"] {{ color: {t.warning}; }}
    QToolButton[role="chip"]:focus, QPushButton[role="chip"]:focus {{ border-color: {t.accent}; }}
    QToolButton[role="chip"][active="true"], QPushButton[role="chip"][active="true"] {{
        background: {t.soft_accent}; border-color: {t.soft_accent}; color: {t.accent};
    }}
    QToolButton::menu-indicator {{ image: none; width: 0; }}
    QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox {{
        border: 1px solid {t.line}; border-radius: 8px; background: {t.card}; padding: 6px 10px; selection-background-color: {t.accent};
        selection-color: {t.on_accent};
    }}
    QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {t.accent}; }}
    QSpinBox QLineEdit, QDoubleSpinBox QLineEdit {{ border: none; padding: 0 9px; background: transparent; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QPlainTextEdit[role="field"] {{
        border: 1px solid {t.line}; border-radius: 8px; background: {t.card}; padding: 4px 6px; selection-background-color: {t.accent};
        selection-color: {t.on_accent};
    }}
    QPlainTextEdit[role="field"]:focus {{ border-color: {t.accent}; }}
    QPushButton[role="section"] {{ border: 1px solid transparent; background: transparent; text-align: left; padding: 6px 10px; }}
    QPushButton[role="section"]:hover, QPushButton[role="section"][active="true"] {{ background: {t.panel}; }}
    QPushButton[role="section"][active="true"] {{ font-weight: 600; }}
    QPushButton[role="section"]:focus {{ border-color: {t.accent}; }}
    QComboBox::drop-down {{ border: none; width: 26px; }}
    QComboBox::down-arrow {{ image: url({(RESOURCES / "icons" / ("down-dark.svg" if t is DARK else "down.svg")).as_posix()}); width: 16px; height: 16px; }}
    QComboBox QAbstractItemView {{ background: {t.card}; border: 1px solid {t.line}; selection-background-color: {t.soft_accent}; selection-color: {t.text}; }}
    QListView, QTreeView {{ border: none; background: transparent; outline: none; }}
    QListView#conversations::item {{ border-radius: 8px; }}
    QListView#popup {{ background: {t.card}; border: 1px solid {t.line}; border-radius: 10px; padding: 4px; }}
    QListView#popup::item {{ border-radius: 6px; padding: 5px 8px; }}
    QListView#popup::item:selected {{ background: {t.soft_accent}; color: {t.text}; }}
    QListView#projects::item {{ border-radius: 8px; padding-left: 8px; }}
    QListView#projects::item:selected {{ background: {t.card}; color: {t.text}; }}
    QListView#projects::item:hover:!selected {{ background: {t.line}; }}
    QListView:focus {{ border: none; }}
    QListWidget[role="rows"]::item, QTreeView#files::item {{ padding: 6px 8px; }}
    QListWidget[role="rows"]::item {{ border-radius: 8px; }}
    QListWidget[role="rows"]::item:selected, QTreeView#files::item:selected {{ background: {t.soft_accent}; color: {t.text}; }}
    QListWidget[role="rows"]::item:hover, QTreeView#files::item:hover {{ background: {t.panel}; }}
    QListWidget[role="rows"]::item:selected:hover, QTreeView#files::item:selected:hover {{ background: {t.soft_accent}; }}
    QMenu {{ background: {t.card}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 6px 20px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {t.soft_accent}; }}
    QMenu::separator {{ height: 1px; background: {t.line}; margin: 4px 8px; }}
    #composer {{ background: {t.card}; border: 1px solid {t.line}; border-radius: 14px; }}
    #composer[focused="true"] {{ border-color: {t.accent}; }}
    #composer QPlainTextEdit {{ border: none; background: transparent; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    QLabel[role="small"] {{ color: {t.muted}; font-size: 12px; }}
    QLabel[role="large"] {{ color: {t.warning}; font-size: 12px; }}
    QPushButton[role="link"] {{ border: none; background: transparent; color: {t.accent}; padding: 0; font-size: 12px; text-align: left; }}
    QPushButton[role="link"]:hover, QPushButton[role="link"]:focus {{ text-decoration: underline; }}
    #attachment {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 9px; }}
    #attachment[large="true"] {{ border-color: {t.warning}; }}
    #bubble {{ background: {t.soft_accent}; border-radius: 14px; }}
    QTextBrowser {{ border: none; background: transparent; selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    #card {{ background: {t.card}; border: 1px solid {t.line}; border-radius: 12px; }}
    #quotation {{ background: {t.card}; border: 1px solid {t.line}; border-radius: 12px; }}
    #banner {{ background: {t.card}; border: 1px solid {t.line}; border-radius: 10px; }}
    #boundary {{ border: none; border-top: 1px dashed {t.line}; }}
    #banner[kind="error"] {{ border-color: {t.warning}; }}
    #drop {{ background: {t.background}; border: 2px dashed {t.line}; border-radius: 14px; }}
    #drop[chosen="true"] {{ border-color: {t.accent}; background: {t.soft_accent}; }}
    #status {{ background: {t.panel}; border-top: 1px solid {t.line}; }}
    #status QLabel {{ font-size: 12px; color: {t.muted}; }}
    #status QPushButton {{ border: none; background: transparent; padding: 0; font-size: 12px; color: {t.muted}; }}
    #status QPushButton:hover, #status QPushButton:focus {{ color: {t.accent}; }}
    QTreeWidget {{ border: 1px solid {t.line}; border-radius: 8px; background: {t.card}; }}
    QTableCornerButton::section {{ background: {t.panel}; border: none; }}
    QHeaderView {{ background: {t.panel}; border: none; }}
    QHeaderView::section {{ background: {t.panel}; border: none; padding: 4px 8px; color: {t.muted}; font-size: 12px; }}
    #status QLabel#offline {{ color: {t.accent}; font-weight: 600; }}
    #status QLabel#microphoneOpen {{ color: {t.warning}; font-weight: 600; }}
    #status QLabel#offline[elsewhere="true"] {{ color: {t.warning}; }}
    QProgressBar {{ background: {t.line}; border: none; border-radius: 3px; max-height: 6px; min-height: 6px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {t.line}; border-radius: 3px; min-height: 32px; }}
    QScrollBar::handle:vertical:hover {{ background: {t.muted}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none; height: 0; width: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 2px; }}
    QScrollBar::handle:horizontal {{ background: {t.line}; border-radius: 3px; min-width: 32px; }}
    QRadioButton {{ spacing: 8px; padding: 3px 0; }}
    QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {t.muted}; border-radius: 8px; background: {t.card}; }}
    QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 5px solid {t.accent}; background: {t.on_accent}; }}
    QRadioButton::indicator:focus {{ border-color: {t.text}; }}
    QTableView#entries {{ border: 1px solid {t.line}; border-radius: 10px; background: {t.card}; outline: none; }}
    QTableView#entries::item {{ border: none; padding: 3px 10px; }}
    QTableView#entries::item:selected {{ background: {t.soft_accent}; color: {t.text}; }}
    QTableView#entries::item:disabled {{ color: {t.muted}; }}
    #palette {{ background: {t.panel}; border: 1px solid {t.line}; border-radius: 12px; }}
    #well {{ background: {t.card}; border: 2px dashed {t.line}; border-radius: 14px; }}
    QCheckBox::indicator, QTableView#entries::indicator {{ width: 16px; height: 16px; border: 1px solid {t.muted}; border-radius: 4px; background: {t.card}; }}
    QCheckBox::indicator:checked, QTableView#entries::indicator:checked {{
        background: {t.accent}; border-color: {t.accent};
        image: url({(RESOURCES / "icons" / ("check-dark.svg" if t is DARK else "check.svg")).as_posix()});
    }}
    QCheckBox::indicator:focus {{ border: 2px solid {t.text}; width: 14px; height: 14px; }}
    QSplitter::handle {{ background: transparent; width: 1px; }}
    """
