"""Whether what a model wrote says that the documents do not answer: "The passages do not mention it."

A model that has read the passages knows a near miss, a question on the right subject that asks for a detail which is not
there, where words and similarities do not. What it says then is no answer, and its sentence is not one that a document could
support. Told by patterns in English and Japanese: the source has to be spoken of, or nothing else be said, since "Pets are
not mentioned." is a no, and "Pets are not allowed." an answer.
"""

from __future__ import annotations

import re

from core.text import characters, sentences

LONGEST = 500  # characters of a sentence that may be a no; the patterns look far ahead, and longer ones say something else
_SOURCE = (
    r"(?:(?:the|these|this|those|your|any|both|provided|given|above|available|supplied|relevant|text|context)\s+)*"
    r"(?:passages?|documents?|texts?|contexts?|excerpts?|sources?|materials?|articles?|manual|pages?|files?|information|content"
    r"|paragraphs?|sections?|snippets?)"
    r"(?:\s+(?:provided|given|above|supplied|available|here|shown|you\s+\w+|I\s+\w+))?"
)
_NOT = r"(?:do(?:es)?\s+not|don[’']t|doesn[’']t|did\s+not|didn[’']t|never|fails?\s+to)"
_TELL = (
    "mention|state|say|specify|contain|include|provide|give|indicate|describe|discuss|address|answer|cover|list|explain|tell"
    "|detail|reveal|disclose|define|clarify|identify|name|have|offer|touch|refer|speak|go\\s+into"
)
_TOLD = "mentioned|stated|specified|indicated|discussed|addressed|described|disclosed|clarified|explained|detailed|answered"
_GIVEN = f"{_TOLD}|provided|given|included|found|available|listed|covered|contained|known|defined|present|identified|named|shown"
_WHAT = r"(?:information|mention|details?|indication|reference|data|statement|specifics?|answers?|discussion|explanation)"
_FIND = "determine|answer|say|tell|find|provide|confirm|know|locate|identify|infer|establish|conclude|deduce|give|see|derive"
_ENGLISH = re.compile(
    "|".join(
        [
            rf"\b{_SOURCE}\s+(?:alone\s+)?{_NOT}\s+(?:\w+\s+){{0,2}}(?:{_TELL})",
            rf"\bbut\s+(?:it|they)\s+{_NOT}\s+(?:\w+\s+){{0,2}}(?:{_TELL})",
            rf"\b(?:is|are|was|were)(?:\s+not|n[’']t)\s+(?:\w+\s+){{0,2}}(?:{_TOLD})\b",
            rf"\b(?:is|are|was|were)(?:\s+not|n[’']t)\s+(?:\w+\s+){{0,2}}(?:{_GIVEN})\s+(?:\w+\s+){{0,3}}(?:in|by|from|within)\s+{_SOURCE}",
            rf"\b(?:not|never)\s+(?:\w+\s+)?(?:{_GIVEN})\s+(?:\w+\s+)?(?:in|by|from|within)\s+{_SOURCE}",
            rf"^\W*(?:(?:this|that|it)(?:\s+is|[’']s)\s+)?(?:not|un)\s?(?:{_TOLD}|provided|given|found|available|known(?=\W*$)|clear(?=\W*$))\b[^.]{{0,20}}[.\s]*$",
            rf"\b(?:there(?:\s+(?:is|are|was)|[’']s)|(?:contains?|provides?|gives?|includes?|makes?|has|have|find|found|see|with))\s+no\s+(?:[\w-]+\s+){{0,3}}{_WHAT}\b",
            rf"^\W*no\s+(?:[\w-]+\s+){{0,2}}{_WHAT}\s+(?:about|on|regarding|of|in|for|as\s+to|is\s+(?:{_GIVEN})|was\s+(?:{_GIVEN}))\b",
            rf"^\W*no\s+(?:[\w-]+\s+){{0,2}}{_WHAT}\W*$",
            rf"\b(?:insufficient|(?:not|n[’']t)\s+(?:\w+\s+)?enough)\s+{_WHAT}\b",
            rf"^\W*no\b[^.]*\b(?:is|are|was|were)\s+(?:{_GIVEN})\s+(?:in|by)\s+{_SOURCE}",
            rf"\b(?:neither|none)\s+(?:of\s+)?{_SOURCE}\s+(?:{_TELL})",
            rf"\bbut\b[^.]*\b(?:is|are|was|were)(?:\s+not|n[’']t)\s+(?:{_GIVEN})\W*$",
            rf"\b{_SOURCE}\b[^.]*\b(?:it\s+is|it[’']s|remains)\s+(?:unclear|unknown|not\s+clear)\b",
            rf"(?:\bnot|n[’']t)\s+(?:\w+\s+){{0,3}}any\s+(?:[\w-]+\s+){{0,3}}{_WHAT}\b",
            rf"\b(?:I|we)\s+(?:am\s+|was\s+|were\s+)?(?:can\s?not|can[’']t|could\s+not|couldn[’']t|unable\s+to|not\s+able\s+to|did\s+not|didn[’']t|do\s+not|don[’']t)\s+(?:\w+\s+)?(?:{_FIND}|have)",
            rf"\b(?:not|n[’']t)\s+possible\s+to\s+(?:\w+\s+)?(?:{_FIND})|\bimpossible\s+to\s+(?:\w+\s+)?(?:{_FIND})",
            rf"\b(?:can\s?not|can[’']t|could\s+not)\s+be\s+(?:\w+)\s+(?:\w+\s+)?(?:from|with|using|based\s+on|by|in)\s+{_SOURCE}",
            r"^\W*(?:n/?a|unknown|unclear|unspecified|no\s+answer|nothing\s+about\b.*|I\s+don[’']t\s+know)\b\W*$",
            rf"\b(?:unclear|silent|unknown|unanswered)\b[^.]*\b(?:from|in|by|based\s+on)\s+{_SOURCE}|\b{_SOURCE}\s+(?:are|is)\s+silent\b",
            rf"\bnowhere\b[^.]*\b{_SOURCE}|\b{_SOURCE}\s+(?:lacks?|omits?)\b|\boutside\s+(?:of\s+)?{_SOURCE}",
        ]
    ),
    re.IGNORECASE,
)
_CONDITION = re.compile(r"^\W*(?:if|when|where|unless|in\s+case|should)\b", re.IGNORECASE)
_YET = re.compile(
    r"\b(?:but|however|although|though|yet|still)\b[^.]*\w|ただし|しかし|もの?の|が、", re.IGNORECASE
)
_SOURCE_J = "(?:資料|文書|文章|本文|文脈|テキスト|記事|マニュアル|説明書|取扱説明|抜粋|情報|書類|提供され|与えられ|上記|原文|箇所|範囲|内容|該当|ファイル)"
_NOT_J = (
    "(?:ありません|ございません|いません|おりません|ません|ない(?!と|場合|とき|限)|なかっ|おらず|いず|なし)"
)
_JAPANESE = re.compile(
    "|".join(
        [
            # 記載がありません, 情報は含まれていません
            f"(?:記載|言及|記述|明記|情報|明示|説明|答え|回答|該当する(?:情報|記載|記述|箇所|内容|部分|回答)|手がかり)(?:自体)?(?:は|が|も|を)?(?:特に|一切|全く|見)?"
            f"(?:含まれて|見当たり|見つかり|見られ|され(?:て)?|なされて|確認でき|含んで|見つけられ|与えられて|提供されて)?{_NOT_J}",
            # 書かれていません, 言及していません
            f"(?:書かれ|書いて|記載(?:され|して)|記され|明記(?:され|して)|言及(?:され|して)|述べ(?:られ|て)|触れ(?:られ)?|載って|明示(?:され|して)|示されて|説明されて)(?:て)?(?:は)?{_NOT_J}",
            f"{_SOURCE_J}[^。]*(?:含まれて|含んで|提供されて|規定されて|定められて)(?:は)?{_NOT_J}",
            # 資料にはありません, 抜粋には見当たりません
            f"(?:資料|文章|文書|本文|抜粋|テキスト|(?:提供|与え)(?:さ|ら)れた\\S{{1,4}})(?:の?中)?(?:に|から)(?:は|も)?、?(?:存在し|見当たり|見つかり|(?:描か|示さ|含ま|記さ|説明さ)れて)?{_NOT_J}",
            # 判断できません, お答えできません, わかりかねます
            "(?:判断|特定|お?答え?|回答|確認|読み取|断定|把握|お伝え|判別)(?:は|が|を)?(?:する|る)?(?:こと)?(?:は|が)?(?:いたし|し|り)?(?:でき(?:ません|ない|かね)|れません|れない|かねます)",
            f"{_SOURCE_J}[^。]*(?:分か|わか|判り|不明|読み取れ|見つ)(?:らない|りません|りかね|です|でし|ません|からない|かりません)",
            "^\\W*(?:(?:それは|その点は|詳細は)?(?:不明|分かりません|わかりません|分からない|わからない|未記載|記載なし|該当なし|言及なし|情報なし|情報不足))(?:です)?\\W*$",
            "(?:記載|情報|言及|該当)(?:は)?(?:なし|無し|不足)|(?:分かり|わかり)かね",
        ]
    )
)


def says_no(answer: str) -> bool:
    """Whether a text says that the documents do not answer, and gives no answer after that."""
    found = False
    for sentence in sentences.split(characters.width(answer)):
        text = re.sub(r"[*_`\"“”]", "", sentence).strip()
        if len(text) > LONGEST or _CONDITION.search(text):
            continue
        pattern = _JAPANESE if characters.is_japanese(text) else _ENGLISH
        match = pattern.search(text)
        if match is not None:
            found = not _YET.search(text, match.end())
    return found
