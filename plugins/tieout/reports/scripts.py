"""Whether decoded text looks like what people write: Japanese, Chinese, or words of Europe's languages."""

from __future__ import annotations

import re
from collections.abc import Iterable

_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fe]")
_ASIAN = re.compile("[\u3000-\u303f\u3041-\u30fe\u4e00-\u9fff\uff01-\uff5e]")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
# Whole runs of letters beyond ASCII that are pairs of bytes of GB 2312, of which nearly all Chinese text consists.
_CHINESE = re.compile(rb"(?<![\x80-\xff])(?:[\xa1-\xa3\xb0-\xf7][\xa1-\xfe])+(?![\x80-\xff])")
_LAST_HALFWIDTH_KANA = 0xDF
"""Of Windows-31J, whose half-width kana are bytes that make pairs of GB 2312, too."""
_FEW_SIGNS = 6
"""Other languages have few pairs of such letters, and singles besides: German `Größe` is one."""
_ASCII = bytes(range(128))
_PAIRS = re.compile(rb"[\xa1-\xfe]{2}")
_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_ODD = (
    # a sign inside a word: in Windows-1250 it is a letter, `biały` is read as `bia³y`
    re.compile(f"(?<=[{_LETTER}])[£¥ª¯³¹º¼¾¿]+(?=[{_LETTER}])"),
    # a sign that begins one: `£ódź`
    re.compile("(?<![\\w£])[£¥¯](?=[a-z\u00df-\u00f6\u00f8-\u00ff])"),
    # a capital at the end of one: `LódŸ`
    re.compile("(?<=[a-z\u00df-\u00f6\u00f8-\u00ff])[ŠŽŒŸ]"),
    # French has a letter after it: `gêœ` is `gęś`
    re.compile(f"(?<=[{_LETTER}])œ(?![{_LETTER}])"),
)
_SIGN_IN_WORD = re.compile(f"(?<=[{_LETTER}])[¡¢¤¦§¨©«¬®°±²´µ¶¸»½](?=[{_LETTER}])")
# what Windows-1252 has for bytes that begin a pair of other encodings, and nobody writes inside or beside words
_STRANGE = re.compile("[ƒ„†‡ˆ‰‹›˜•¤¦¨¬¸¯]|[ŠŽŒŸžœš](?![a-zà-ÿ])(?<![a-zà-ÿ].)|[\u0080-\u009f]")
_CAPITAL_IN_WORD = re.compile("(?<=[a-z\u00df-\u00f6\u00f8-\u00ffăąćčęěľĺłńňśšťźžż])[À-ÖØ-ÞĂĄĆČĘĚĽĹŁŃŇŚŤŹŻ]")
_LONG_RUN = re.compile("[^\0-\x7f]{5,}")
_WESTERN_BYTES = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff]|[\xc0-\xff](?=[A-Za-z])")
_ICELANDIC = re.compile("[ðþýÐÞÝ]")


def _count(pattern: re.Pattern[str], texts: Iterable[str]) -> int:
    """How many letters the pattern finds."""
    return sum(len(found) for text in texts for found in pattern.findall(text))


def is_japanese(texts: list[str], *, kana: float) -> bool:
    """Whether the letters are kana and kanji.

    Args:
        texts: The text.
        kana: The least share of kana among the letters beyond ASCII: pairs of bytes of other text in the wrong encoding are
            rarely kana.
    """
    found = _count(_KANA, texts)
    return found > 0 and found >= kana * _count(_BEYOND_ASCII, texts) and is_asian(texts)


def is_asian(texts: list[str]) -> bool:
    """Whether nearly all letters beyond ASCII are kana, Chinese characters and their punctuation."""
    return 10 * _count(_ASIAN, texts) >= 8 * _count(_BEYOND_ASCII, texts)


def has_rare_kanji(fields: Iterable[bytes]) -> bool:
    """Whether pairs of bytes are rarely used as EUC-JP and common as GB 18030, in which spreadsheets save Japanese too."""
    kanji = [pair for field in fields for pair in _PAIRS.findall(field) if pair[0] >= 0xB0]
    return 10 * sum(pair[0] >= 0xD0 for pair in kanji) > len(kanji)


def is_chinese(fields: Iterable[bytes]) -> bool:
    """Whether nearly all bytes beyond ASCII are pairs of GB 2312, and those are of several kinds."""
    beyond = chinese = 0
    beyond_kana = False
    signs: set[bytes] = set()
    for field in fields:
        beyond += len(field.translate(None, _ASCII))
        for run in _CHINESE.findall(field):
            chinese += len(run)
            beyond_kana = beyond_kana or max(run) > _LAST_HALFWIDTH_KANA
            signs.update(run[at : at + 2] for at in range(0, len(run), 2))
    return len(signs) >= _FEW_SIGNS and beyond_kana and chinese >= 0.8 * beyond


def is_latin(texts: Iterable[str]) -> bool:
    """Whether all letters beyond ASCII are Latin ones with accents."""
    return all("\u00c0" <= letter <= "\u024f" for text in texts for letter in _BEYOND_ASCII.findall(text))


def is_plainly_western(fields: Iterable[bytes]) -> bool:
    """Whether each byte beyond ASCII is a letter of Windows-1252 beside a letter of ASCII."""
    return all(len(_WESTERN_BYTES.findall(field)) == len(field.translate(None, _ASCII)) for field in fields)


def _odd(texts: Iterable[str]) -> int:
    texts = list(texts)
    return sum(_count(pattern, texts) for pattern in _ODD)


def is_eastern(western: list[str], eastern: list[str]) -> bool:
    """Whether text makes words in Windows-1250 and not in Windows-1252: a tenth of its letters are signs in words there.

    Args:
        western: The text as Windows-1252 decodes it.
        eastern: The same as Windows-1250 does.
    """
    signs = _odd(western)
    return signs > 0 and 10 * signs >= _count(_BEYOND_ASCII, western) and not _odd(eastern)


def is_unlikely(texts: list[str]) -> bool:
    """Whether text in an encoding of one byte per letter has signs that nobody writes, and many of them."""
    strange = _odd(texts) + sum(_count(each, texts) for each in (_SIGN_IN_WORD, _STRANGE, _CAPITAL_IN_WORD))
    beyond = _count(_BEYOND_ASCII, texts)
    return 10 * strange >= 3 * beyond or 2 * _count(_LONG_RUN, texts) >= beyond


def has_icelandic(texts: Iterable[str]) -> bool:
    """Whether there are letters that Turkish has others for: Windows-1254 differs from Windows-1252 in them alone."""
    return _count(_ICELANDIC, texts) > 0
