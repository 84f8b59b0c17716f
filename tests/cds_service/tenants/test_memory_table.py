"""`[tenants.ID.memory]`: how a site goes quiet, and what is wrong with its table."""

from pathlib import Path

import pytest

from cds_service.tenants.loading import TenantsError, load_tenants
from cds_service.tenants.model import Memory, QuietBy
from tests.cds_service.tenants.making import SETTINGS, a_file

TENANT = """
[tenants.riverside]
title = "Riverside"
issuer = "https://ehr.riverside.example"
jku = "https://ehr.riverside.example/keys"
audiences = ["https://cds.riverside.example"]
"""


def memory_of(folder: Path, table: str) -> Memory:
    (tenant,) = load_tenants(a_file(folder, f"{TENANT}\n[tenants.riverside.memory]\n{table}"), SETTINGS)
    return tenant.memory


def test_without_a_table_nothing_is_capped_or_silenced(tmp_path: Path) -> None:
    (tenant,) = load_tenants(a_file(tmp_path, TENANT), SETTINGS)

    memory = tenant.memory
    assert memory == memory_of(tmp_path, "")
    assert (memory.once_per_encounter, memory.cards_per_user, memory.cards_per_patient) == (False, None, None)
    assert (memory.shadow, memory.rollout_percent, memory.rollout) == (False, 100, {})
    assert (memory.quiet_by, memory.quiet, memory.quiet_for) == (QuietBy.PATIENT, {}, {})


def test_a_whole_table_is_read(tmp_path: Path) -> None:
    table = """
    quiet_by = "user"
    quiet = {patient-preference = 30, accepted = 0}
    quiet_for.esi-repeat = {patient-preference = 10}
    once_per_encounter = true
    cards_per_user = 20
    cards_per_patient = 5
    shadow = ["surgical-referral"]
    rollout_percent = 20
    rollout = {esi-repeat = 50}
    """

    assert memory_of(tmp_path, table) == Memory(
        quiet_by=QuietBy.USER,
        quiet={"patient-preference": 30, "accepted": 0},
        quiet_for={"esi-repeat": {"patient-preference": 10}},
        once_per_encounter=True,
        cards_per_user=20,
        cards_per_patient=5,
        shadow=("surgical-referral",),
        rollout_percent=20,
        rollout={"esi-repeat": 50},
    )


@pytest.mark.parametrize("shadow", ["true", "false"])
def test_the_shadow_may_be_all_or_nothing(tmp_path: Path, shadow: str) -> None:
    assert memory_of(tmp_path, f"shadow = {shadow}").shadow is (shadow == "true")


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ('quiet_by = "nobody"', "memory.quiet_by: must be one of: patient, user"),
        ("quiet = 3", "memory.quiet: must be a table, not a whole number"),
        (
            "quiet = {other = 3651}",
            "memory.quiet.other: must be a whole number of days from 0 to 3650",
        ),
        (
            "quiet = {other = -1}",
            "memory.quiet.other: must be a whole number of days from 0 to 3650",
        ),
        (
            "quiet = {other = true}",
            "memory.quiet.other: must be a whole number of days from 0 to 3650, not true or false",
        ),
        ("quiet_for = {esi-repeat = 3}", "memory.quiet_for.esi-repeat: must be a table, not a whole number"),
        (
            "quiet_for = {esi-repeat = {other = 1.5}}",
            "memory.quiet_for.esi-repeat.other: must be a whole number of days from 0 to 3650",
        ),
        ("cards_per_user = 0", "memory.cards_per_user: must be a whole number from 1 to 100000"),
        (
            'cards_per_patient = "5"',
            "memory.cards_per_patient: must be a whole number from 1 to 100000, not text",
        ),
        ("rollout_percent = 101", "memory.rollout_percent: must be a whole number from 0 to 100"),
        ("rollout = {nsaid = -1}", "memory.rollout.nsaid: must be a whole number from 0 to 100"),
        ("shadow = 3", "memory.shadow: must be true or false or a list of text, not a whole number"),
        ('shadow = ["a", 3]', "memory.shadow[1]: must be text, not a whole number"),
        ('shadow = ["a", "a"]', "memory.shadow[1]: stands there twice"),
        (
            "once_per_encouter = true",
            "memory: unknown key 'once_per_encouter' (is 'once_per_encounter' meant?)",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, table: str, fault: str) -> None:
    with pytest.raises(TenantsError) as raised:
        memory_of(tmp_path, table)

    (told,) = str(raised.value).splitlines()
    assert told.partition(": tenants.riverside.")[2].startswith(fault)
