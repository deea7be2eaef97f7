"""The voice worker on a computer with a graphics card whose libraries are incomplete: CTranslate2 ends the process.

Where TSUKUE_TEST_CARD names a file, the card works as long as that file is there, and is the fastest.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from core.voice import transcriber
from core.voice.messages import ListWays, MeasureWay, Pace, Way, Ways
from core.workers.messages import Request
from core.workers.process import Context, Handler

CARDS = [Way("cuda", "float16"), Way("cuda", "int8_float16")]


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    operations = transcriber.create(options)

    def on_card(name: type[Request]) -> None:
        usual = operations[name]

        def run(request: Any, context: Context) -> Any:
            if request.way.device != "cuda":
                return usual(request, context)
            if not Path(os.environ.get("TSUKUE_TEST_CARD") or "/nowhere").exists():
                os.abort()
            if isinstance(request, MeasureWay):
                return Pace(0.001, 0.001)
            request.way = Way()
            return usual(request, context)

        operations[name] = run

    for name in list(operations):
        if "way" in name.__struct_fields__:
            on_card(name)
    usual = operations[ListWays]
    operations[ListWays] = lambda request, context: Ways([*usual(request, context).of, *CARDS])
    return operations
