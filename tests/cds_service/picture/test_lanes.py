"""Many items stay legible: lanes by kind, and what is too much is counted."""

from cds_service.picture.axis import axis_of
from cds_service.picture.lane import Lane
from cds_service.picture.lanes import lanes_of
from cds_service.picture.timeline import Timeline
from tests.cds_service.picture.making import crowded, pictured, sampled
from tests.pathway.making import condition, facts, injection, therapy


def lanes(timeline: Timeline) -> dict[str, Lane]:
    return {lane.name: lane for lane in lanes_of(timeline, axis_of(timeline))}


def test_each_kind_has_its_lane_in_the_order_of_the_pathway() -> None:
    assert list(lanes(sampled("esi-repeat-window"))) == [
        "Radicular back pain",
        "Physical therapy / exercise",
        "Naproxen (NSAID)",
        "Lumbar MRI",
        "Epidural steroid injections",
        "Pain",
    ]


def test_trials_beyond_twelve_share_a_lane() -> None:
    older = lanes(pictured(crowded()))["and 2 older"]

    assert len(older.bars) == 2


def test_drugs_beyond_five_are_named_in_one_lane() -> None:
    found = lanes(pictured(crowded()))

    (note,) = found["Other drugs: 2 more"].notes
    assert note.count("(opioid)") == 2
    assert found["Earlier therapies: 1"].notes == ("yoga",)


def test_injections_are_all_drawn_and_the_latest_told() -> None:
    lane = lanes(pictured(crowded()))["Epidural steroid injections"]

    assert len(lane.dots) == 6
    assert lane.notes[0] == "2 earlier"
    assert "one without a date" in lane.notes
    assert [dot.label for dot in lane.dots] == ["", "", "", "", "1", "2"]


def test_what_began_before_the_axis_is_marked_as_cut_off() -> None:
    known = facts(condition("radicular", onset=-1500), therapy("exercise-pt", -90, -40))

    lane = lanes(pictured(known))["Radicular back pain"]

    assert "triangle-left" in [dot.shape for dot in lane.dots]
    assert lane.notes[0] == "chronic, since 2022-10-14"


def test_only_what_has_room_is_told_beside_a_curve() -> None:
    panel = lanes(pictured(crowded()))["Pain"].panel

    assert panel is not None
    (line,) = panel.lines
    told = [point for point in line.points if point.label]
    assert len(line.points) == 78
    assert 3 <= len(told) <= 14
    assert line.points[-1].label


def test_laboratory_values_are_not_drawn() -> None:
    assert not [name for name in lanes(pictured(crowded())) if "eGFR" in name]


def test_an_injection_without_a_date_has_a_lane() -> None:
    lane = lanes(pictured(facts(condition("radicular"), injection(None))))["Epidural steroid injections"]

    assert lane.dots == ()
    assert "one without a date" in lane.notes
