"""A field for an access token: typed here, kept in the system's keyring, never shown again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from core import secrets
from core.settings import SettingsFile
from desktop.i18n import tr
from desktop.operations import Operations


class TokenField(QWidget):
    """The keyring is asked off the window's thread: it may open a window of the system and wait for a password."""

    def __init__(
        self,
        secret: secrets.Secret,
        label: str,
        address: Callable[[], str],
        settings: SettingsFile,
        operations: Operations,
    ) -> None:
        """`address` is where the token belongs when it is typed; '' where nobody could be asked with it."""
        super().__init__()
        self.label = label
        self._secret = secret
        self._address = address
        self._settings = settings
        self._operations = operations
        self._asking = False
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setAccessibleName(label)
        self.line.editingFinished.connect(self._keep)
        self.forget = QPushButton(tr("Clear"))
        self.forget.setAccessibleName(tr("Clear: {label}", label=label))
        self.forget.clicked.connect(lambda: self._put(""))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.forget)
        self.setFocusProxy(self.line)
        self.refresh()

    def refresh(self) -> None:
        """Show whether there is a token."""
        if self._asking:
            return
        kept = getattr(self._settings.values, self._secret.setting)
        there = bool(self._address())
        self.line.setEnabled(there)
        if not there:
            self.line.setPlaceholderText(tr("Enter a server first"))
        elif kept:
            self.line.setPlaceholderText(tr("Stored in the system keyring"))
        else:
            self.line.setPlaceholderText(tr("Only if required"))
        self.forget.setVisible(kept)

    def _keep(self) -> None:
        if self.line.text().strip() and self.line.isEnabled():
            self._put(self.line.text())

    def _put(self, text: str) -> None:
        address = self._address()
        self._asking = True
        self.line.clear()
        self.line.setPlaceholderText(tr("Checking the keyring…"))
        self._enable(False)
        self._operations.run(
            "keep a token",
            lambda job: secrets.put(self._settings, self._secret, address, text),
            lambda _: self._ended(),
            lambda _: self._failed(),
        )

    def _failed(self) -> bool:
        self._ended()
        return False  # the error has yet to be shown

    def _ended(self) -> None:
        self._asking = False
        self._enable(True)
        self.refresh()

    def _enable(self, enabled: bool) -> None:
        self.line.setEnabled(enabled)
        self.forget.setEnabled(enabled)
