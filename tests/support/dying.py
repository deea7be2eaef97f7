"""A worker that dies before it does anything."""

from __future__ import annotations

import os
from typing import Any


def create(options: dict[str, Any]) -> dict[type, Any]:
    """See core/workers/process.py."""
    os._exit(3)
