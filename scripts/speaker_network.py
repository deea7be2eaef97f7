"""Make an ONNX network of CAM++'s weights: `python scripts/speaker_network.py FOLDER`. Run by `starter.py`.

FOLDER holds `weights.pt` (tensors by name) and `network.py` (how they belong together, by the network's makers) and holds
`model.onnx` after: 80 bands of a spectrogram ("fbank", [1, frames, 80]) to 192 numbers that say who speaks ("embedding", [1, 192]).
"""

from __future__ import annotations

import importlib.util
import sys
import warnings
from pathlib import Path

import torch

BANDS, NUMBERS = 80, 192
FRAMES = 298  # of the example that is followed through the network; any other number fits after


def main(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("campplus", folder / "network.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = module.CAMPPlus(feat_dim=BANDS, embedding_size=NUMBERS)
    weights = torch.load(folder / "weights.pt", map_location="cpu", weights_only=True)
    network.load_state_dict(weights)
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of what the exporter that needs no further package will not do in years to come
        torch.onnx.export(
            network,
            (torch.randn(1, FRAMES, BANDS),),
            str(folder / "model.onnx"),
            input_names=["fbank"],
            output_names=["embedding"],
            dynamic_axes={"fbank": {1: "frames"}},
            opset_version=17,
            dynamo=False,
        )
    for name in ("weights.pt", "network.py"):
        (folder / name).unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
