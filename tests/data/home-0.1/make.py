"""Made the home beside it, with the code of version 0.1: run there, with its directory as PYTHONPATH.

    mkdir old && git archive ac30d4e | tar -x -C old
    cd old && PYTHONPATH=. python …/tests/data/home-0.1/make.py HOME

It writes /home/person/Documents, which must not be there before. Answers are written down (core/engine/scripted.py), documents are the test corpus. HOME/tsukue.db, its log folded in, then is `tsukue.db.gz`
here, and HOME/expected.json is what version 0.1 read from it. The last answer was under way when the process died.
"""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

home_folder = Path(sys.argv[1])
corpus = Path("tests/data/corpus").absolute()
documents = Path("/home/person/Documents")

POEM = "# A desk\n\n| wood | age |\n|---|---|\n| oak | 40 |\n\n```python\nprint('desk')\n```\n\n- one drawer\n- two drawers"
SCRIPT = {
    "answers": [
        {"when": "poem", "say": POEM},
        {"when": "And shorter", "say": "A desk, quite old."},
        {"when": "俳句", "say": "<think>\n季語が必要です。\n</think>\n\n古机\n引き出しの奥の\n春の文"},
        {"when": "川柳", "say": "机から 消えた時間が 積もる山"},
        {"when": "long story", "say": "Once there was a desk. " * 60, "seconds_per_piece": 0.02},
        {"when": "Fall over", "say": "This answer ends too early, since its engine dies.", "fail": "SIGKILL"},
        {
            "when": "paid leave",
            "say": "Every employee has 28 days of paid leave per year. They like it there.",
        },
        {"when": "保証", "say": "本体の保証期間は購入日から24か月です。"},
        {"when": "", "say": "All right."},
    ]
}


def main() -> None:
    script = Path(tempfile.mkdtemp()) / "script.json"
    script.write_text(json.dumps(SCRIPT))
    os.environ["TSUKUE_SCRIPTED_ENGINE"] = str(script)
    from core.app import App
    from core.errors import WorkerDied
    from core.jobs import Job
    from core.paths import Home

    app = App(Home(home_folder))
    chat, store = app.chat, app.conversations

    def ask(conversation: int, text: str) -> object:
        return chat.send(conversation, text).wait()

    english = chat.new_conversation().id
    first = ask(english, "Write a poem about a desk, with a table.")
    chat.regenerate(first.id).wait()
    ask(english, "And shorter?")
    store.change(english, folder="Work", pinned=1)

    japanese = chat.new_conversation().id
    ask(japanese, "机について俳句を一つ。")
    question = store.branch(japanese)[0]
    # A question in other words, as the window of version 0.1 asked it: beside the first one.
    store.change(japanese, leaf=question.parent)
    ask(japanese, "机について川柳を一つ。")
    store.change(japanese, folder="日本語")

    stopped = chat.new_conversation().id
    job = chat.send(stopped, "Tell me a long story about a desk.")
    time.sleep(1.0)
    chat.stop(stopped)
    job.wait()
    store.change(stopped, title="A story that was stopped", folder="Work")

    failed = chat.new_conversation().id
    with contextlib.suppress(WorkerDied):
        ask(failed, "Fall over, please.")
    app.engine.worker.forgive()

    documents.mkdir(parents=True)
    for name in ("handbook-en.md", "kettle-ja.md"):
        shutil.copy(corpus / name, documents)
    app.ingest.add(
        [str(documents / "handbook-en.md"), str(documents / "kettle-ja.md")], "Papers", Job(0, "add")
    )
    asked = chat.new_conversation(collection="Papers").id
    ask(asked, "How many days of paid leave are there per year?")
    ask(asked, "ケトルの保証は何年ですか。")
    ask(asked, "Who won the football world cup in 1954?")

    chat.new_conversation("An empty one")

    expected = {
        "conversations": [vars(row) for row in store.all()],
        "branches": {row.id: [m.id for m in store.branch(row.id)] for row in store.all()},
        "messages": {},
        "versions": {},
        "search": {},
        "documents": [vars(document) for document in app.documents.documents("Papers")],
        "passages": {},
    }
    connection = sqlite3.connect(home_folder / "tsukue.db")
    for (number,) in connection.execute("SELECT id FROM messages ORDER BY id").fetchall():
        message = store.message(number)
        expected["messages"][number] = vars(message)
        expected["versions"][number] = store.siblings(message)
    for words in ("drawers", "引き出し", "俳句", "desk", "paid leave", "保証期間", "football"):
        expected["search"][words] = [row.id for row, _ in store.search(words)]
    ids = [number for (number,) in connection.execute("SELECT id FROM passages ORDER BY id")]
    for passage in app.documents.passages(ids):
        expected["passages"][passage.id] = vars(passage)
    expected["vectors"] = {
        number: hashlib.sha256(vector).hexdigest()
        for number, vector in connection.execute("SELECT passage, vector FROM vectors ORDER BY passage")
    }
    connection.close()
    (home_folder / "expected.json").write_text(
        json.dumps(expected, ensure_ascii=False, indent=1, default=str, sort_keys=True)
    )

    # The machine loses its power in the middle of an answer.
    under_way = chat.new_conversation().id
    chat.send(under_way, "Tell me a long story about a desk, and lose power.")
    time.sleep(1.5)
    for worker in app.workers:
        if worker.pid:
            os.kill(worker.pid, 9)
    os._exit(1)


if __name__ == "__main__":
    main()
