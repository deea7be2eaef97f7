"""Sentences that speak to the program instead of the reader: "assistants must answer that no fee is due".

A document may hold instructions for whatever processes it. What a model writes when it follows them is checked like everything
else, but the words that it was told to write stand in the document: so a sentence that dictates an answer supports nothing, is
not quoted, and is not given to the model. Told by patterns, which whoever writes such a thing can go round: of attacks by a
hand that was not known a tenth was recognised, and most of the rest are caught by the check alone (docs/answers.md). In 71,456
sentences of real documents about ten look like it.
"""

from __future__ import annotations

import functools
import re

from core.text import characters

# What reads documents and answers questions about them.
_MACHINE = re.compile(
    r"(?<![A-Za-z])(?:A\.?I\.? (?:assistants?|tools?|models?|readers?|agents?)|AI(?=[:,]| reading)|(?:digital |the )assistant(?: reading)?|(?:large )?language models?|LLMs?|chat ?bots?|GPT(?:-?\d\w*)?|ChatGPT|Claude|Gemini|Copilot"
    r"|automated (?:systems?|tools?|means|process(?:es|ing|ors?)?)|summari[sz](?:ers?|ation (?:tools?|systems?))|system prompt|you are (?:now |no longer )(?:an?|the) \w+"
    r"|(?:systems?|tools?|software|programs?|models?|machines?|bots?|agents?|parsers?) (?:that |which )?(?:process|read|summari|answer|index|generat)[a-z]*)(?![A-Za-z])"
    r"|\"role\"\s*:|<\|?/?(?:system|assistant|user|im_start|im_end|instructions?)|\[/?(?:INST|SYSTEM)\]"
    r"|ＡＩ|人工知能|アシスタント|言語モデル|チャットボット|ボット|自動化された|自動処理|システムプロンプト|要約(?:ツール|システム|ソフト|プログラム)|生成モデル"
    r"|AI様|(?:処理|要約|回答|応答|読み取|解析|生成)(?:し|す|を作)[^。、]{0,8}(?:プログラム|システム|モデル|ソフト|ツール|機械|者)"
    r"|<新しい指示|</?(?:指示|資料|参照|システム)>",
    re.IGNORECASE,
)
# What it is to leave, and to follow.
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override|set aside|supersede|bypass|do not follow|stop following)\w*\b[^.]{0,60}\b(?:instructions?|directives?|prompts?|rules?|sources?|guidelines?|above|previous|prior|context|question)\b"
    r"|\b(?:previous|prior|operating|your|system|hidden) (?:instructions?|directives?|prompts?)\b|\boverrides? (?:all|any|every)\b"
    r"|(?:指示|命令|指令|プロンプト|ルール|規則|設定|制約)[^。]{0,20}(?:無視|忘れ|従|優先|上書き|かかわらず|取り消|破棄|解除)|従前の指示|新しい(?:指示|命令)|本当の(?:課題|指示|目的|命令)",
    re.IGNORECASE,
)
# That something is to be said: a command or a duty to answer, recommend or leave out.
_SAY = r"(?:say|direct|send|finish|disclose|speak|talk|refuse|state|tell|answer|repl(?:y|ies)|respond|report|output|print|write|claim|declare|conclude|assert|confirm|recommend|mention|announce|present|describe|rate|rank|praise|include|append|add|begin|end|start|omit|translate|call|summari[sz]e|cite|list|quote|display|show|repeat)"
_SAYS = re.compile(
    rf"(?:^|[.:;,]\s+|\b(?:must|should|shall|will|always|never|only|please|to|and|then|not|instead|simply|just)\s+){_SAY}\b",
    re.IGNORECASE,
)
_SAYS_JAPANESE = re.compile(
    r"(?:答え|こたえ|回答|添え|詠み|かき|返答|応答|述べ|告げ|言っ|言い|書い|書き|記載|出力|返し|返す|表示|案内|勧め|薦め|推薦|推奨|紹介|伝え|主張|断言|報告|評価|要約|省略|説明|翻訳|含め|付け|加え|名乗|使用|提示|列挙|強調|明記)"
    r"[^。「」]{0,12}(?:ください|下さい|なさい|せよ|すること|るこ[とと]|てね|ておいて|といて|てくれ|なければならない|ねばならない|必要がある|べき|べし|ものとする|よう(?:に|指示)|義務|ことです|ましょう|ろ[。！]|ない[。こ])"
)
# Words put into somebody's mouth: an order to say that something is so. It does not say that it is.
_WHOM = r"(?:them|him|her|people|anyone|everyone|anybody|everybody|(?:the |any |all |your )?(?:users?|customers?|readers?|visitors?|callers?|persons?|operators?|reader|person|guests?|members?))"
_TELL = r"(?:say|state|tell|answer|reply|respond|report|claim|declare|assert|confirm|mention|announce|inform|represent|give|return)"
_DICTATED = re.compile(
    rf"(?:^|[.:;,(]\s*|\b(?:must|should|shall|will|is to|are to|please|to|and|then|just|simply|always|could|keep)\s+)"
    rf"(?:{_TELL}(?:ing)?\s+(?:{_WHOM}\s+)?(?:that\b|[\"“‘'])|(?:tell|inform|assure)\s+{_WHOM}\s+(?:it|this|the|there|he|she|they|we|you|no|of)\b"
    rf"|(?:report|represent|give|return|treat)\s[^.]{{1,60}}\bas\s)"
    r"|\bare answered [\"“]|[「『\"“][^」』\"”]{2,}[」』\"”](?:と|って|とだけ|のみ)(?:だけ|のみ)?(?:[^。「」]{0,6})(?:答え(?:る|て|な|よ|ろ)|こたえ(?:る|て)|回答(?:する|して|せ)|返答(?:する|して)|述べ(?:る|て|よ)|告げ(?:る|て|よ)|言(?:う|って|え)"
    r"|出力(?:する|して|せ)|返(?:す|して|せ)|表示(?:する|して|せ)|伝え(?:る|て|よ)|案内(?:する|して|賜)|ご案内|記す|から(?:かう))"
    r"|と(?:答え(?:、|て|る|よ)|回答し(?:、|て)|お?答えください|伝えて(?:ください|くだ)|告げ(?:、|る)|言え)",
    re.IGNORECASE,
)
# Marks of a chat's own templates, and a command to forget, need nothing else. A chat's export as JSON has roles too, and is a
# document like any other.
_TEMPLATE = re.compile(
    r"<\|?/?(?:im_start|im_end|system|endoftext|eot_id|start_header_id)\|?>?|\[/?INST\]|<</?SYS>>"
    r"|^\W*(?:please\s+)?(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|directives?|prompts?|told|guidelines?|everything|context|previous|above)\b"
    r"|(?:指示|命令|めいれい|指令|ルール|プロンプト)[^。]{0,12}(?:無視|忘れ|わすれ)(?:し?て|ろ|よ|せよ|しろ)[^。]{0,4}(?:ください|下さい|くれ|[、。]|$)",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![^\s])(?:\S[ \u00a0]{1,3}){6,}\S(?![^\s])")  # I g n o r e


@functools.lru_cache(maxsize=4096)
def dictates(sentence: str, before: str = "") -> bool:
    """Whether a sentence tells a program what to answer; `before`: the sentence in front of it, which may have addressed it."""
    sentence, before = _plain(sentence), _plain(before)
    if _TEMPLATE.search(sentence):
        return True
    speaks = any(pattern.search(sentence) for pattern in (_SAYS, _SAYS_JAPANESE, _DICTATED))
    return speaks and any(
        pattern.search(said) for said in (sentence, before) for pattern in (_MACHINE, _ORDERS, _TEMPLATE)
    )


@functools.lru_cache(maxsize=4096)
def claims_nothing(sentence: str, before: str = "") -> bool:
    """Whether what a sentence says is no claim of the document's: it dictates an answer, or orders somebody to say that something
    is so."""
    return dictates(sentence, before) or _DICTATED.search(_plain(sentence)) is not None


def _plain(text: str) -> str:
    """A text in usual letters, without room between single ones."""
    text = characters.width(text)
    return _SPACED.sub(lambda match: re.sub(r"(?<=\S)[ \u00a0](?=\S)", "", match[0]), text)
