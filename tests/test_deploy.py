"""What `deploy/` offers fits what the service exposes: every metric, label and alert."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from ruamel.yaml import YAML

from cds_service.fetching.refusals import Why
from cds_service.memory.records import Fate
from cds_service.metrics import Readings, blueprint
from cds_service.watching.families import FAMILIES
from tests.cds_service.watching.making import (
    a_call,
    a_card,
    a_watch,
    an_item,
    samples_of,
    stages_of_a_call,
)

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
PROMETHEUS = DEPLOY / "prometheus"
RULES, TESTS = PROMETHEUS / "backpath.rules.yml", PROMETHEUS / "backpath.rules.test.yml"
OF_PROMETHEUS = {"job", "instance"}  # labels that a scrape adds
PANELS = {"bargauge", "heatmap", "row", "stat", "timeseries"}
SEVERITIES = {"critical", "warning", "info"}
COLUMNS = 24
# Grafana's own: https://grafana.com/docs/grafana/latest/dashboards/variables/add-template-variables/#global-variables
GLOBALS = {"__rate_interval", "__range"}

SELECTOR = re.compile(r"\b(?P<name>backpath_\w+|up)\b(?:\{(?P<matchers>[^}]*)\})?")
MATCHER = re.compile(r'(?P<label>\w+)\s*(?:=~|!~|!=|=)\s*"(?P<value>[^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|ignoring|on)\s*\(([^)]*)\)")


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, set[str]]]:
    """Each sample that a scrape of the service has: its labels and their values."""
    watch = a_watch(tmp_path_factory.mktemp("counts"))
    watch.begin_at_zero(["north"])
    held = a_card(an_item(fate=Fate.QUIET, reason="patient-preference"), id=None)
    call = a_call(cards=(a_card(), held), gaps=("onset-missing",), memory_asked=False)
    watch.answered(call, stages_of_a_call(), recorded=False)
    watch.refused(401, "expired")
    watch.failed()
    for outcome in ("ok", *Why):
        watch.fetched(outcome, 0.1)
    watch.keys_not_fetched(["north"], "timeout")
    watch.feedback("north", ["accepted", "overridden"])
    app = Flask(__name__)
    readings = Readings(store_up=True, outbox_rows=0, tenants=1)
    about = {"version": "0", "knowledge_version": "0", "mode": "tenants"}
    app.register_blueprint(blueprint(watch.counts, lambda: readings, about))

    found: dict[str, dict[str, set[str]]] = {"up": {}}
    for name, labels in samples_of(app.test_client().get("/metrics").text):
        values = found.setdefault(name, {})
        for label, value in labels:
            values.setdefault(label, set()).add(value)
    return found


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEPLOY / "grafana" / "backpath.json").read_text(encoding="utf-8"))
    return loaded


def read_yaml(file: Path) -> Any:
    return YAML(typ="safe").load(file.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    return [rule for group in read_yaml(RULES)["groups"] for rule in group["rules"]]


def queries(dashboard: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Panel, expression, legend."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


def wrong(expression: str, exposed: dict[str, dict[str, set[str]]]) -> list[str]:
    """What an expression asks for and a scrape does not have."""
    faults, known = [], set(OF_PROMETHEUS)
    for selector in SELECTOR.finditer(expression):
        name, matchers = selector["name"], selector["matchers"] or ""
        if name not in exposed:
            faults.append(name)
            continue
        known |= exposed[name].keys()
        for matcher in MATCHER.finditer(matchers):
            label, value = matcher["label"], matcher["value"]
            if label in OF_PROMETHEUS or value.startswith("$"):
                faults += [] if label in OF_PROMETHEUS | exposed[name].keys() else [f"{name}{{{label}}}"]
            elif not any(re.fullmatch(value, there) for there in exposed[name].get(label, ())):
                faults.append(f'{name}{{{label}="{value}"}}')
    for group in GROUPING.findall(expression):
        faults += [label for label in re.findall(r"\w+", group) if label not in known]
    return faults


def test_every_query_of_the_dashboard_is_answered(
    dashboard: dict[str, Any], exposed: dict[str, dict[str, set[str]]]
) -> None:
    faults = {title: wrong(expression, exposed) for title, expression, _ in queries(dashboard)}

    assert {title: fault for title, fault in faults.items() if fault} == {}


def test_every_alert_asks_for_what_is_there(exposed: dict[str, dict[str, set[str]]]) -> None:
    faults = {rule["alert"]: wrong(rule["expr"], exposed) for rule in rules()}

    assert {alert: fault for alert, fault in faults.items() if fault} == {}


def test_a_wrong_query_would_be_noticed(exposed: dict[str, dict[str, set[str]]]) -> None:
    assert wrong("sum(rate(backpath_calls_total[5m]))", exposed) == ["backpath_calls_total"]
    assert wrong('backpath_cards_total{fate="shown"}', exposed) == ['backpath_cards_total{fate="shown"}']
    assert wrong('backpath_cards_total{indicator="bad"}', exposed) != []
    assert wrong('backpath_cards_total{tenant=~"$tenant"}', exposed) != []
    assert wrong("sum by (tenant) (backpath_outbox_rows)", exposed) == ["tenant"]


def test_every_metric_is_shown_or_watched(
    dashboard: dict[str, Any], exposed: dict[str, dict[str, set[str]]]
) -> None:
    asked = " ".join(expression for _, expression, _ in queries(dashboard))
    asked += " ".join(rule["expr"] for rule in rules())

    assert [family.name for family in FAMILIES if family.name not in asked] == []
    assert {name for name in exposed if not name.endswith(("_bucket", "_sum"))} <= set(
        re.findall(r"backpath_\w+|up", asked)
    ) | {f"{family.name}_count" for family in FAMILIES}


def test_legends_name_labels_that_the_query_keeps(dashboard: dict[str, Any]) -> None:
    for title, expression, legend in queries(dashboard):
        for label in re.findall(r"\{\{(\w+)\}\}", legend):
            kept = {word for group in GROUPING.findall(expression) for word in re.findall(r"\w+", group)}
            assert label in kept | OF_PROMETHEUS, title


def test_the_variables_of_the_dashboard_exist(
    dashboard: dict[str, Any], exposed: dict[str, dict[str, set[str]]]
) -> None:
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}

    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard["panels"])))
    assert used <= variables.keys() | GLOBALS
    assert variables["datasource"]["type"] == "datasource"
    for name in ("instance", "tenant"):
        asked = re.fullmatch(r"label_values\((\w+), (\w+)\)", variables[name]["query"]["query"])
        assert asked is not None
        assert asked[2] in exposed[asked[1]].keys() | OF_PROMETHEUS


def test_no_data_source_is_named_that_a_site_does_not_have(dashboard: dict[str, Any]) -> None:
    sources = re.findall(r'"uid": "([^"]+)"', json.dumps([dashboard["panels"], dashboard["templating"]]))

    assert set(sources) == {"${datasource}"}
    assert "__inputs" not in dashboard
    assert dashboard["id"] is None  # Grafana gives it one


def test_panels_have_ids_texts_and_places_of_their_own(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    ids = [panel["id"] for panel in dashboard["panels"]]

    assert len(set(ids)) == len(ids)
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert panel["type"] in PANELS
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"]
        assert place["x"] + place["w"] <= COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
        references = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(references)) == len(references)


def test_every_alert_says_what_to_do() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    headings = {f"#{name.lower()}" for name in re.findall(r"^### (\w+)$", page, re.MULTILINE)}

    for rule in rules():
        assert rule["labels"]["severity"] in SEVERITIES
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert f"#{rule['alert'].lower()}" in headings


def test_every_metric_is_described() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [family.name for family in FAMILIES if f"`{family.name}" not in page] == []


def test_every_alert_is_tried_both_ways() -> None:
    tried = [
        (case["alertname"], bool(case.get("exp_alerts")))
        for test in read_yaml(TESTS)["tests"]
        for case in test["alert_rule_test"]
    ]

    for rule in rules():
        assert (rule["alert"], True) in tried
        assert (rule["alert"], False) in tried


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", RULES.name),
        ("test", "rules", TESTS.name),
        ("check", "config", "--syntax-only", "prometheus.yml"),
    ],
    ids=" ".join,
)
def test_promtool_is_content(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["promtool", *command], cwd=PROMETHEUS, capture_output=True, timeout=60, check=False
    )

    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    assert b"SUCCESS" in done.stdout + done.stderr


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_has_nothing_against_what_is_exposed(tmp_path: Path) -> None:
    watch = a_watch(tmp_path)
    watch.begin_at_zero(["north"])
    watch.answered(a_call(cards=(a_card(),)), stages_of_a_call())
    app = Flask(__name__)
    about = {"version": "0", "knowledge_version": "0", "mode": "tenants"}
    readings = Readings(store_up=True, outbox_rows=0, tenants=1)
    app.register_blueprint(blueprint(watch.counts, lambda: readings, about))

    scraped = app.test_client().get("/metrics").data
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=scraped, capture_output=True, timeout=60, check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")
