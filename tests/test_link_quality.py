"""How well names are matched, on pairs that nothing was tuned to one by one."""

from __future__ import annotations

from functools import cache

from benchmarks.link_quality import LANGUAGES, Judged, judged, report


@cache
def results() -> tuple[Judged, ...]:
    return tuple(judged())


def true_pairs() -> list[Judged]:
    return [each for each in results() if each.case.right is not None]


def test_there_are_enough_pairs_of_every_sort() -> None:
    sorts = [each.case.sort for each in true_pairs()]
    assert len(sorts) >= 300
    assert sorts.count("country") >= 249 * len(LANGUAGES)
    assert sorts.count("body") == 82 * len(LANGUAGES)
    assert {"acronym", "body, misspelt", "country, misspelt"} <= set(sorts)
    hard = [each for each in results() if each.case.wrong or each.case.right is None]
    assert len(hard) >= 300
    assert {
        "an institution and its parent",
        "a successor and its predecessor",
        "national members of one family",
        "namesakes in two countries",
        "acronyms with two meanings",
    } <= {each.case.sort for each in hard}


def test_nothing_wrong_is_taken_without_review() -> None:
    wrong = [(each.case.text, each.accepted) for each in results() if each.is_wrongly_accepted]
    assert wrong == []


def test_what_must_not_be_taken_is_not() -> None:
    taken = [each for each in results() if each.case.wrong in each.accepted]
    assert [each.case.text for each in taken] == []


def test_the_right_one_is_among_the_first_three() -> None:
    pairs = true_pairs()
    hits = sum(each.is_in_three for each in pairs)
    assert hits / len(pairs) >= 0.95


def test_enough_is_taken_without_review_to_be_of_use() -> None:
    taken = [each for each in true_pairs() if each.accepted]
    assert len(taken) / len(true_pairs()) >= 0.3


def test_the_report_names_its_numbers() -> None:
    lines = list(report(list(results())))
    assert any(line.startswith("| without review | 1.000 |") for line in lines)
    assert any(line.startswith("| acronym | ") for line in lines)
