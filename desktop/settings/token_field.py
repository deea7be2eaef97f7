"""A field for an access token: typed here, kept in the system's keyring, never shown again."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from core import secrets
from core.errors import TsukueError
from core.settings import SettingsFile
from desktop.i18n import tr
from desktop.notify import Notify


class TokenField(QWidget):
    def __init__(
        self,
        secret: secrets.Secret,
        label: str,
        address: Callable[[], str],
        settings: SettingsFile,
        notify: Notify,
    ) -> None:
        """`address` is where the token belongs when it is typed."""
        super().__init__()
        self.label = label
        self._secret = secret
        self._address = address
        self._settings = settings
        self._notify = notify
        self.line = QLineEdit()
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.setAccessibleName(label)
        self.line.editingFinished.connect(self._keep)
        self.forget = QPushButton(tr("Forget it"))
        self.forget.clicked.connect(lambda: self._put(""))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(self.forget)
        self._show()

    def _show(self) -> None:
        kept = getattr(self._settings.values, self._secret.setting)
        self.line.clear()
        self.line.setPlaceholderText(
            tr("Kept in the system's keyring") if kept else tr("Only where one is asked for")
        )
        self.forget.setVisible(kept)

    def _keep(self) -> None:
        if self.line.text().strip():
            self._put(self.line.text())

    def _put(self, text: str) -> None:
        try:
            secrets.put(self._settings, self._secret, self._address(), text)
        except TsukueError as error:
            self._notify.error(error)
        self._show()
