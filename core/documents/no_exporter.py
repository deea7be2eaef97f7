"""An empty module in the place of one that chromadb imports at its start and never uses here. Import before chromadb.

OpenTelemetry's exporter sends traces to a collector that somebody names in Chroma's settings; nobody can here, and no worker
may open a socket. With it comes gRPC, 20 MB of a package.
"""

from __future__ import annotations

import sys
from types import ModuleType

_NAME = "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"

for _end in range(4, len(_NAME.split(".")) + 1):
    _module = ModuleType(".".join(_NAME.split(".")[:_end]))
    _module.__path__ = []
    sys.modules.setdefault(_module.__name__, _module)
sys.modules[_NAME].OTLPSpanExporter = None  # type: ignore[attr-defined]
