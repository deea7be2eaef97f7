"""Latin words in Japanese text: names with readings of their own, what Open JTalk knows, English words that are borrowed, and
abbreviations, which stay letters. Runs in the speech worker."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from core.speaking import loanwords, romaji
from core.speaking.english import English
from core.speaking.open_jtalk import open_jtalk

# Names that are no words of the dictionary; compared without regard to case.
_WORDS = {
    "python": "パイソン",
    "json": "ジェイソン",
    "yaml": "ヤムル",
    "readme": "リードミー",
    "github": "ギットハブ",
    "git": "ギット",
    "linux": "リナックス",
    "ubuntu": "ウブントゥ",
    "debian": "デビアン",
    "windows": "ウィンドウズ",
    "macos": "マックオーエス",
    "mac": "マック",
    "ios": "アイオーエス",
    "iphone": "アイフォーン",
    "ipad": "アイパッド",
    "android": "アンドロイド",
    "google": "グーグル",
    "gmail": "ジーメール",
    "chrome": "クローム",
    "youtube": "ユーチューブ",
    "amazon": "アマゾン",
    "apple": "アップル",
    "microsoft": "マイクロソフト",
    "facebook": "フェイスブック",
    "twitter": "ツイッター",
    "instagram": "インスタグラム",
    "line": "ライン",
    "zoom": "ズーム",
    "slack": "スラック",
    "teams": "チームズ",
    "excel": "エクセル",
    "word": "ワード",
    "powerpoint": "パワーポイント",
    "outlook": "アウトルック",
    "office": "オフィス",
    "acrobat": "アクロバット",
    "adobe": "アドビ",
    "markdown": "マークダウン",
    "javascript": "ジャバスクリプト",
    "typescript": "タイプスクリプト",
    "java": "ジャバ",
    "rust": "ラスト",
    "docker": "ドッカー",
    "bluetooth": "ブルートゥース",
    "wi-fi": "ワイファイ",
    "wifi": "ワイファイ",
    "web": "ウェブ",
    "email": "イーメール",
    "e-mail": "イーメール",
    "online": "オンライン",
    "offline": "オフライン",
    "internet": "インターネット",
    "server": "サーバー",
    "client": "クライアント",
    "update": "アップデート",
    "download": "ダウンロード",
    "upload": "アップロード",
    "login": "ログイン",
    "password": "パスワード",
    "file": "ファイル",
    "folder": "フォルダー",
    "open": "オープン",
    "source": "ソース",
    "chatgpt": "チャットジーピーティー",
    "openai": "オープンエーアイ",
    "claude": "クロード",
    "gemini": "ジェミニ",
    "copilot": "コパイロット",
    "llama": "ラマ",
    "tsukue": "ツクエ",
    "info": "インフォ",
    "example": "エグザンプル",
    "com": "コム",
    "net": "ネット",
    "org": "オーグ",
    "zip": "ジップ",
    "jpeg": "ジェイペグ",
    "png": "ピング",
    "covid": "コビッド",
    "suica": "スイカ",
    "pay": "ペイ",
    "ver": "バージョン",
    "vs": "バーサス",
    "etc": "エトセトラ",
    "ok": "オーケー",
    "null": "ヌル",
    "out": "アウト",
    "up": "アップ",
    "off": "オフ",
    "in": "イン",
    "on": "オン",
    "template": "テンプレート",
    "query": "クエリー",
    "mysql": "マイエスキューエル",
    "postgresql": "ポストグレスキューエル",
    "ffmpeg": "エフエフエムペグ",
    "kyoto": "キョート",
    "kobe": "コーベ",
    "osaka": "オーサカ",
    "fujitsu": "フジツー",
    "numpy": "ナムパイ",
    "pandas": "パンダス",
    "kubernetes": "クーバネティス",
    "nginx": "エンジンエックス",
    "redis": "レディス",
    "apache": "アパッチ",
    "sony": "ソニー",
    "kindle": "キンドル",
    "safari": "サファリ",
    "token": "トークン",
    "tokens": "トークンズ",
    "button": "ボタン",
    "edit": "エディット",
    "integer": "インテジャー",
    "async": "エイシンク",
    "await": "アウェイト",
    "array": "アレイ",
    "storage": "ストレージ",
    "calendar": "カレンダー",
    "camera": "カメラ",
    "energy": "エネルギー",
    "theme": "テーマ",
    "image": "イメージ",
    "images": "イメージズ",
    "message": "メッセージ",
    "page": "ページ",
    "data": "データ",
    "media": "メディア",
    "virus": "ウイルス",
    "label": "ラベル",
    "studio": "スタジオ",
    "profile": "プロフィール",
    "ctrl": "コントロール",
    "alt": "オルト",
    "shift": "シフト",
    "enter": "エンター",
    "tab": "タブ",
    "esc": "エスケープ",
    "cmd": "コマンド",
    "del": "デリート",
}
_LETTERS = re.compile(
    "(?:エー|エイ|ビー|シー|ディー|イー|エフ|ジー|エイチ|エッチ|アイ|ジェイ|ジェー|ケー|ケイ|エル|エム|エヌ|オー|ピー|キュー|アール|エス|ティー|ユー|ブイ|ダブリュー?|エックス|ワイ|ゼット)+"
)
_LATIN = re.compile(r"(?<![A-Za-z])[A-Za-z]{3,}(?![A-Za-z])")
_LONGEST_ABBREVIATION = 5  # capitals are said one by one
_LOUD = frozenset(["select", "from", "where", "join", "null", "true", "false", "error", "warning", "delete", "enter", "open", "close", "save", "new", "stop", "start", "help", "read", "write"])  # fmt: skip
_SHORTEST_HALF = 3  # letters of a word that another one is joined to ("timeout")
_SECOND = frozenset(["out", "up", "in", "off", "on", "down", "over", "file", "name", "time", "base", "set", "page", "site", "view", "back", "end", "book", "line", "board", "box", "case", "list"])  # fmt: skip


def _pronounced(word: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = open_jtalk().run_frontend(word, use_sudachi_kanji_yomi=False)
    return found


def _joined(nodes: list[dict[str, Any]]) -> str:
    return "".join(node["pron"] for node in nodes).replace("’", "")


@lru_cache(4096)
def _is_spelt(word: str) -> bool:
    """Whether Open JTalk has no reading for a Latin word but the names of its letters."""
    nodes = _pronounced(word)
    a_letter = any(len(node["string"]) == 1 for node in nodes)  # as the last one of "Maps"
    return a_letter or bool(_LETTERS.fullmatch(_joined(nodes)))


def named(match: re.Match[str]) -> str:
    """A word that has a reading of its own, in kana; others as they are."""
    return _WORDS.get(match[0].casefold(), match[0])


def borrowed(text: str, english: English) -> str:
    """The text with the Latin words that Open JTalk does not know as Japanese borrow them from English; abbreviations stay letters."""
    return _LATIN.sub(lambda match: _whole(match[0], english), text)


def _whole(word: str, english: English) -> str:
    """A word with its parts: "PlayStation" has two."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", word)
    if len(parts) > 1 and not word.isupper():
        return "".join(_in_kana(part, english) for part in parts)
    return _part(word, english)


def _in_kana(word: str, english: English) -> str:
    """As `_part`, but what Open JTalk knows by itself is written out: it would not know it within a longer word."""
    made = _part(word, english)
    if not made.isascii() or _is_spelt(word):
        return made
    return _joined(_pronounced(word))


def _part(word: str, english: English) -> str:
    small = word.lower()
    if small in _WORDS:
        return _WORDS[small]
    if not _is_spelt(word):
        return word
    known = english.knows(small)
    if word.isupper() and len(word) <= _LONGEST_ABBREVIATION and small not in _LOUD:
        return word
    if not known and len(word) > _SHORTEST_HALF and (said := romaji.katakana(small)):
        return said
    for at in range(_SHORTEST_HALF, len(small) - 1):
        first, second = small[:at], small[at:]
        halves = second in _SECOND or (not known and min(at, len(second)) > _SHORTEST_HALF)
        if halves and all(half in _WORDS or english.knows(half) for half in (first, second)):
            return _in_kana(first, english) + _in_kana(second, english)
    if known:
        return loanwords.katakana(word, english.word(small))
    if len(word) <= _SHORTEST_HALF or not re.search("[aeiouy]", small):
        return word
    return loanwords.katakana(word, english.word(small))
