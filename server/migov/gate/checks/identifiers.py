"""Whether an identifier can be one of its scheme: form, and check digits where it has them.

Pure functions of texts, for the gate and for linking alike. A scheme is named by its slug in the
concept scheme identifier-scheme:.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_FORMS: Final = {
    "wikidata": (r"Q[1-9][0-9]*", "Q1028"),
    "ror": (r"0[a-hj-km-np-tv-z0-9]{6}[0-9]{2}", "01f80g185"),
    "isni": (r"[0-9]{15}[0-9X]", "0000000121633745"),
    "org-id": (r"[A-Z]{2}-[A-Z0-9]+([_-][A-Z0-9]+)*", "XM-DAC-41302"),
    "lei": (r"[A-Z0-9]{18}[0-9]{2}", "529900T8BM49AURSDO55"),
    "geonames": (r"[1-9][0-9]*", "2542007"),
    "iso-3166-2": (r"[A-Z]{2}-[A-Z0-9]{1,3}", "ES-H"),
    "eu-authority-country": (r"[A-Z0-9]{3}", "MAR"),
    "gfmd-ppd": (r"[1-9][0-9]*", "11332"),
    "ilo-wcms": (r"WCMS_[0-9]+", "WCMS_710413"),
    "iom-node": (r"[1-9][0-9]*", "186471"),
    "m49": (r"[0-9]{3}", "012"),
}
_PREFIXES: Final = {
    "wikidata": ("https://www.wikidata.org/wiki/", "http://www.wikidata.org/entity/",
                 "https://www.wikidata.org/entity/", "wd:"),
    "ror": ("https://ror.org/", "ror.org/"),
    "isni": ("https://isni.org/isni/", "http://isni.org/isni/", "http://www.isni.org/isni/"),
    "geonames": ("https://sws.geonames.org/", "http://sws.geonames.org/",
                 "https://www.geonames.org/"),
}  # fmt: skip
_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)
# Lists of bodies that belong to no country begin with these instead of a country code.
_SUPRANATIONAL: Final = ("XI", "XM", "XR", "XK", "XE", "EU")
CHECK_DIGITS: Final = ("ror", "isni", "lei")
"""The schemes whose identifiers prove themselves."""


def form(scheme: str) -> tuple[str, str] | None:
    """Return the pattern of a scheme and an example of it, or None for an unknown scheme."""
    return _FORMS.get(scheme)


def fits_form(scheme: str, value: str) -> bool:
    """Return whether a value has the form of its scheme; unknown schemes take any.

    >>> fits_form("m49", "12"), fits_form("wikidata", "Q54129"), fits_form("none", "?")
    (False, True, True)
    """
    known = _FORMS.get(scheme)
    return known is None or re.fullmatch(known[0], value) is not None


def has_right_check(scheme: str, value: str) -> bool:
    """Return whether check digits or a country code are right; true where a value has none.

    >>> has_right_check("ror", "01f80g185"), has_right_check("ror", "01f80g158")
    (True, False)
    >>> has_right_check("isni", "000000012146438X"), has_right_check("lei", "529900T8BM49AURSDO55")
    (True, True)
    """
    check = _CHECKS.get(scheme)
    return check is None or check(value)


def is_valid(scheme: str, value: str) -> bool:
    """Return whether a value can be an identifier of a scheme."""
    return fits_form(scheme, value) and has_right_check(scheme, value)


def mended(scheme: str, value: str) -> str | None:
    """Return the identifier that was meant, where it only carries an address, spaces or case.

    >>> mended("isni", "0000 0001 2163 3745"), mended("ror", "https://ror.org/01f80g185")
    ('0000000121633745', '01f80g185')
    >>> mended("m49", "12"), mended("wikidata", "Paris")
    ('012', None)
    """
    text = value.strip()
    for prefix in _PREFIXES.get(scheme, ()):
        text = text.removeprefix(prefix)
    text = text.strip("/")
    if scheme in ("isni", "lei"):
        text = re.sub(r"[\s-]", "", text).upper()
    elif scheme in ("wikidata", "org-id", "iso-3166-2", "eu-authority-country"):
        text = text.upper()
    elif scheme == "ror":
        text = text.lower()
    elif scheme == "m49" and text.isdigit():
        text = text.zfill(3)
    known = scheme in _FORMS and text != value and is_valid(scheme, text)
    return text if known else None


def _mod_97_10(text: str) -> int:
    """Return ISO 7064 MOD 97-10 of a text, letters counting from 10."""
    return int("".join(str(int(character, 36)) for character in text)) % 97


def _ror(value: str) -> bool:
    number = 0
    for character in value[1:7]:
        number = number * 32 + _CROCKFORD.index(character)
    return 98 - number * 100 % 97 == int(value[7:])


def _lei(value: str) -> bool:
    return _mod_97_10(value) == 1


def _isni(value: str) -> bool:
    """ISO 7064 MOD 11-2."""
    total = 0
    for digit in value[:15]:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11] == value[15]


def _country(value: str) -> bool:
    return value[:2] in _SUPRANATIONAL or value[:2] in _COUNTRIES.split()


_CHECKS: Final[dict[str, Callable[[str], bool]]] = {
    "ror": _ror,
    "lei": _lei,
    "isni": _isni,
    "org-id": _country,
    "iso-3166-2": _country,
}
