"""What a model makes of the prompts that come with the program: `python -m tests.evaluation.prompts [--model M] [--tokens N]`.

Every prompt is asked in both languages about one text each, and what can be told without reading is told: an answer that is empty,
in the other language, or only the question again; a class that was not offered. The answers are printed, to be read.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from core.app import App
from core.jobs import Job
from core.paths import Home
from core.prompts import fill
from core.prompts.library import built_in
from core.prompts.model import Kind, Wording
from core.text.languages import mostly_japanese

TEXTS = {
    "en": "On 12 March the Harbour Library moved to Quay Street 7. Director Ana Ruiz said that the old house had cost 48,000 euros"
    " a year in repairs. The new rooms hold 90,000 books and open at nine. Some readers miss the garden; others praise the light.",
    "ja": "三月十二日、港図書館は波止場通り七番地へ移転した。館長の田中恵子さんによると、古い建物の修理には年間六百万円かかっていた。新しい建物には"
    "九万冊が並び、九時に開館する。庭がなくなって残念だという利用者もいれば、明るくなったと喜ぶ利用者もいる。",
}
CODE = "def mean(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total / len(xs)"
OTHER = {
    "en": {"message": "I can come on Friday.", "recipient": "Ms Ruiz", "first": "tea", "second": "coffee"},
    "ja": {"message": "金曜日に伺えます。", "recipient": "田中様", "first": "緑茶", "second": "珈琲"},
}
SUBJECT = {"en": "how a library lends books", "ja": "図書館の本の貸し出し"}
# What the answer's language must not be judged by: code, words in both languages.
ANY_LANGUAGE = {"translate", "translate-and-check", "keigo", "vocabulary", "keywords", "entities", "table"}


def _values(number: str, wording: Wording, language: str) -> dict[str, str]:
    values = {}
    for name, variable in fill.asked(wording).items():
        if name == fill.TEXT:
            subject = number in ("lesson", "brainstorm", "pros-and-cons", "draft-improve")
            values[name] = CODE if "code" in number or number == "write-tests" else TEXTS[language]
            values[name] = SUBJECT[language] if subject else values[name]
        elif variable.kind is not Kind.NUMBER and not variable.default:
            values[name] = OTHER[language].get(name, TEXTS[language])
    return values


def _wrong(number: str, wording: Wording, language: str, values: dict[str, str], answer: str) -> str:
    """What is wrong with an answer, as far as it can be told."""
    if len(answer.strip()) < 2:
        return "empty"
    if answer.strip() == values.get(fill.TEXT, "").strip():
        return "the text again"
    if number == "classify":
        classes = wording.variables["classes"].default.replace("、", ",").split(",")
        return "" if any(one.strip().casefold() in answer.casefold() for one in classes) else "no class"
    if number == "sentiment":
        known = {example.output for example in wording.examples}
        return "" if any(one in answer.casefold() for one in known) else "no sentiment"
    if number not in ANY_LANGUAGE and language == "ja" and not mostly_japanese(answer[:400]):
        return "not in Japanese"
    return ""


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="qwen2.5-coder-0.5b-instruct")
    parser.add_argument("--tokens", type=int, default=120)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    wrong: list[str] = []
    asked = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        home.create()
        app = App(home)
        try:
            app.settings.change(answer_length=options.tokens, temperature=0.0)
            for prompt in built_in():
                for language in ("en", "ja"):
                    if options.only and prompt.id not in options.only:
                        continue
                    wording = prompt.wording(language)
                    values = _values(prompt.id, wording, language)

                    def run(
                        job: Job,
                        wording: Wording = wording,
                        values: dict[str, str] = values,
                        ja: bool = language == "ja",
                    ) -> int:
                        return app.chains.run(wording, values, job, model=options.model, japanese=ja)

                    number = app.jobs.start("prompt", run).wait()
                    answer = app.conversations.branch(number)[-1].text
                    asked += 1
                    told = _wrong(prompt.id, wording, language, values, answer)
                    if told:
                        wrong.append(f"{prompt.id} ({language}): {told}")
                    print(
                        f"\n== {prompt.id} {language}{'  ** ' + told if told else ''}\n{answer}", flush=True
                    )
        finally:
            app.close()
    print(f"\n{asked - len(wrong)} of {asked} without a visible fault")
    print("\n".join(wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main())
