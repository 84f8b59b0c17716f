"""Calls and watches for the tests of this folder."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from cds_service.memory.records import CallRecord, CardRecord, Fate, ItemRecord
from cds_service.watching.counting import Counts
from cds_service.watching.stages import Stage, Stages
from cds_service.watching.watch import Watch
from cds_service.watching.words import Words
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_knowledge

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
SECRET = b"\x01\x02keyed-hash-of-the-patient"


@cache
def knowledge() -> KnowledgeBase:
    return load_knowledge()


def words(*tenants: str) -> Words:
    known: Collection[str] = tenants or ("north", "south")
    return Words(knowledge(), tenants=lambda: known)


def a_watch(folder: Path) -> Watch:
    return Watch(Counts(words(), folder))


def an_item(recommendation: str = "esi-repeat", **changes: Any) -> ItemRecord:
    return replace(ItemRecord(recommendation=recommendation, fingerprint=b"f" * 32), **changes)


def a_card(*items: ItemRecord, **changes: Any) -> CardRecord:
    return replace(CardRecord(id="c" * 36, items=items or (an_item(),)), **changes)


def a_call(**changes: Any) -> CallRecord:
    call = CallRecord(
        id="0b6f4a0e-6f6c-4f0d-9d3f-4c1f6d9c2f10",
        at=1_795_305_600_000,
        tenant="north",
        issuer="https://ehr.example.org",
        service="low-back-pain-patient-view",
        hook="patient-view",
        instance=INSTANCE,
        patient=SECRET,
        user=b"\xab" * 32,
        state="esi-repeat-window",
        as_of="2026-11-22",
        knowledge_version="2026-11-22+1a2b3c4d",
        milliseconds=12.5,
    )
    return replace(call, **changes)


def five_cards() -> tuple[CardRecord, ...]:
    """As full as an answer gets at chart open: fifteen recommendations, one held back."""
    ids = sorted(knowledge().rules)[:14]
    shown = [a_card(*map(an_item, ids[start : start + 3])) for start in range(0, 12, 3)]
    held = an_item(ids[12], fate=Fate.QUIET, reason="patient-preference")
    return (*shown, a_card(an_item(ids[13])), a_card(held, id=None))


def stages_of_a_call() -> Stages:
    stages = Stages()
    for stage in Stage:
        stages.ended(stage)
    return stages


def sums(counts: Counts) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All samples over all processes, by name and labels."""
    registry = CollectorRegistry()
    counts.register_at(registry)
    return samples_of(generate_latest(registry).decode())


def samples_of(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())
