"""The table says what the picture shows, the sentence the most of it."""

from cds_service.picture.summaries import summary_of
from cds_service.picture.tables import rows_of
from tests.cds_service.picture.making import attacking, crowded, pictured, sampled


def test_the_rows_of_a_sample() -> None:
    rows = [(r.kind, r.what, r.start, r.end, r.finding) for r in rows_of(sampled("esi-waiting"))]

    pt = "physical therapy / exercise"
    assert [
        ("Problem", "radicular back pain", "2026-06-25", "active", "chronic; Radiculopathy, lumbar region"),
        (
            "Trial",
            pt,
            "2026-09-21",
            "2026-11-02",
            "adequate; 42 days (42 asked for); did not help enough; pain 6/10, then 6/10",
        ),
        (
            "Trial",
            "naproxen (NSAID)",
            "2026-10-02",
            "2026-10-23",
            "adequate; 21 days (14 asked for); did not help enough; pain 6/10, then 6/10",
        ),
        ("Imaging", "lumbar MRI", "2026-10-23", "", "counts before an injection"),
        (
            "Injection",
            "epidural steroid injection",
            "2026-11-12",
            "",
            "number 1 of the series; response not recorded",
        ),
        ("Injection", "series", "", "", "1 of at most 3 in the series; it closes 2027-11-12"),
        ("Injection", "window of the next, if one is needed", "2026-11-26", "2026-12-10", ""),
        ("Score", "pain (NRS)", "2026-09-18", "", "6/10"),
        ("Score", "pain (NRS)", "2026-11-19", "", "6/10"),
    ] == rows


def test_everything_is_in_the_table_however_much_it_is() -> None:
    timeline = pictured(crowded())

    kinds = [row.kind for row in rows_of(timeline)]

    assert kinds.count("Trial") == len(timeline.trials) == 14
    assert kinds.count("Other drug") == 7
    assert kinds.count("Earlier therapy") == 1
    assert kinds.count("Imaging") == 3
    assert kinds.count("Surgery") == 1
    assert kinds.count("Injection") == 6 + 1 + 1  # one without a date, the series
    assert kinds.count("Score") == sum(len(curve.points) for curve in timeline.curves)


def test_the_sentence_holds_no_word_of_the_chart() -> None:
    assert "Evil" not in summary_of(pictured(attacking("Evil")))


def test_the_sentence_says_the_most_of_it() -> None:
    assert summary_of(sampled("esi-waiting")) == (
        "Radicular back pain, chronic since 2026-06-25; 2 trials, 2 adequate; 1 epidural injection, the last "
        "on 2026-11-12; the next, if one is needed, from 2026-11-26 to 2026-12-10; pain 6/10 on 2026-11-19."
    )
