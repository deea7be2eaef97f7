"""What hangs on a message, to be looked at: the text that the model reads of a file, or a picture with the text in it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from core.chat.conversation import Attached, Image
from desktop.i18n import tr
from desktop.theme import Theme
from desktop.widgets import layouts

SHOWN = 200_000  # characters; a text field takes seconds for more
SIZE = QSize(720, 560)


class AttachmentDialog(QDialog):
    """One file or picture."""

    def __init__(self, part: Attached | None, name: str, theme: Theme, parent: QWidget) -> None:
        """`part` is None for a picture that hangs on no message, of which no text is known."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(name)
        self.resize(SIZE)
        heading = QLabel(name)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("role", "heading")
        heading.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(heading)
        self.picture = QLabel()
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setProperty("role", "field")
        self.text.setAccessibleName(tr("What the model reads of it"))
        self.text.setPlainText(part.text[:SHOWN] if part is not None else "")
        if part is None or isinstance(part, Image):
            self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self.picture.setAccessibleName(name)
            inside = QVBoxLayout()
            inside.addWidget(self.picture)
            layout.addWidget(layouts.scrolling(inside), 2)
            read = part is not None and bool(part.text)
            said = QLabel(
                tr("The text that was recognised in it, which is what a model without eyes reads:")
                if read
                else tr("No text was recognised in it.")
            )
            said.setVisible(part is not None)
            said.setProperty("role", "muted")
            said.setWordWrap(True)
            layout.addWidget(said)
            self.text.setVisible(read)
        layout.addWidget(self.text, 1)

    def show_picture(self, image: QImage | None) -> None:
        """The picture, once it has been read; None: it is gone."""
        if image is None:
            self.picture.setText(tr("The picture is no longer there."))
            return
        ratio = self.devicePixelRatioF()
        wide = int((SIZE.width() - 70) * ratio)
        if image.width() > wide:
            image = image.scaledToWidth(wide, Qt.TransformationMode.SmoothTransformation)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(ratio)
        self.picture.setPixmap(pixmap)
