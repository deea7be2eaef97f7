"""Similarities of any embedder on the scale of the starter's, for which the weights of search and refusal were fitted.

Embedders differ in how near two texts are that have nothing to do with each other: about .1 for the starter's, .75 for models of
the E5 family. Mean and deviation over pairs of sentences about unlike things are made equal (a linear map; ranks stay).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.documents.embedder import Embedder

# About as many things as there are sentences, in the two languages and in the length of what is compared.
ENGLISH = (
    "The boiler has to be drained before the first frost.",
    "Invoices are due within thirty days of delivery.",
    "She crossed the river on the old stone bridge at dawn.",
    "The half-life of the isotope is about five thousand years.",
    "Press the red button twice to reset the alarm.",
    "Dogs must be kept on a lead in the nature reserve.",
    "The committee elected a new chair in March.",
    "Add two cups of flour and stir until the dough is smooth.",
    "Version two fixes a crash when the printer is offline.",
    "The patient reported mild headaches after the second dose.",
    "Rent includes heating but not electricity.",
    "The comet will be visible to the naked eye next week.",
    "Members may borrow up to five books at a time.",
    "The train to the coast leaves from platform four.",
    "Copper conducts electricity better than iron.",
    "The court dismissed the appeal as unfounded.",
    "Children under six travel free of charge.",
    "The function returns an empty list if nothing is found.",
    "Whales feed on krill in the cold waters of the south.",
    "His second symphony was first performed in Vienna.",
)
JAPANESE = (
    "冬になる前に水道管の水を抜いてください。",
    "請求書は納品から三十日以内にお支払いください。",
    "彼女は夜明けに古い石橋を渡った。",
    "この同位体の半減期は約五千年です。",
    "赤いボタンを二回押すと警報が止まります。",
    "公園では犬を放さないでください。",
    "委員会は三月に新しい委員長を選出した。",
    "小麦粉を二カップ加えて、なめらかになるまで混ぜます。",
    "印刷できないときに異常終了する不具合を修正しました。",
    "患者は二回目の投与後に軽い頭痛を訴えた。",
    "家賃に暖房費は含まれますが、電気代は含まれません。",
    "来週、彗星が肉眼で見えるようになります。",
    "図書は一度に五冊まで借りられます。",
    "海岸行きの電車は四番線から発車します。",
    "銅は鉄より電気をよく通す。",
    "裁判所は控訴を棄却した。",
    "六歳未満の子どもは無料です。",
    "見つからない場合、この関数は空のリストを返します。",
    "鯨は南の冷たい海でオキアミを食べる。",
    "彼の第二交響曲はウィーンで初演された。",
)


Scale = tuple[float, float]  # mean and standard deviation of the cosine similarity of unlike sentences


def measure(embedder: Embedder) -> dict[str, Scale]:
    """The scale of an embedder in each language. Sentences of one subject stand in the same place of the two lists."""
    import numpy as np  # only where there is an embedder: the program's own process moves numbers

    found = {}
    for language, sentences in (("en", ENGLISH), ("ja", JAPANESE)):
        asked = embedder.encode(list(sentences), question=True)
        said = embedder.encode(list(sentences), question=False)
        apart = ~np.eye(len(sentences), dtype=bool)
        values = (asked @ said.T)[apart]
        found[language] = (float(values.mean()), float(values.std()))
    return found


def onto(starter: dict[str, Scale], other: dict[str, Scale], values: list[float]) -> list[float]:
    """Similarities of another embedder on the starter's scale, from -1 to 1 (a linear map), by the language that it tells apart
    best: to a model that cannot read a language all its sentences are nearly one."""
    language = min(other, key=lambda one: other[one][0])
    (mean, deviation), (starter_mean, starter_deviation) = other[language], starter[language]
    stretch = starter_deviation / max(deviation, 1e-6)
    return [min(1.0, max(-1.0, (value - mean) * stretch + starter_mean)) for value in values]
