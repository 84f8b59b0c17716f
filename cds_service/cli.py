"""The `backpath` command: arguments in, exit status out.

0: done; 1: a defect of ours; 2: bad input, told in one line on standard error.
"""
# ruff: noqa: PLC0415 - each command loads only what it needs: no server for `evaluate`, no rich for `serve`

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from msgspec.structs import replace

from cds_service.envelope import day_of
from cds_service.errors import place_of
from cds_service.settings import LEAST_DAYS_KEPT, MOST_DAYS_KEPT, Address, Settings, settings_from
from pathway.errors import PathwayError

DONE, DEFECT, BAD_INPUT = 0, 1, 2
HOOKS = ("patient-view", "order-select", "order-sign")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the value is the exit status."""
    chosen = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except PathwayError as error:
        print(f"backpath: {error}", file=sys.stderr)  # noqa: T201 - a command line speaks
        return BAD_INPUT
    except KeyboardInterrupt:
        return 130  # as shells report an interrupt
    except BrokenPipeError:
        # the reader (head, less) has left; standard output must not be flushed again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Exception as error:  # noqa: BLE001 - the last handler: a message could hold patient data
        print(f"backpath: internal error: {type(error).__name__} at {place_of(error)}", file=sys.stderr)  # noqa: T201
        return DEFECT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="backpath", description="The next step when conservative care for back pain has failed."
    )
    parser.add_argument("--version", action="version", version=f"backpath {version('backpath')}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="start the production server"))
    _add_demo(commands.add_parser("demo", help="start the service with sample patients"))
    _add_evaluate(commands.add_parser("evaluate", help="decide about patients in files"))
    _add_try(commands.add_parser("try", help="decide about a patient of a FHIR server"))
    _add_knowledge(commands.add_parser("knowledge", help="check or show what the service knows"))
    _add_tenants(commands.add_parser("tenants", help="check the tenants file, or change a site's key"))
    _add_report(commands.add_parser("report", help="tell what came of the cards"))
    _add_audit(commands.add_parser("audit", help="export the audit trail as FHIR AuditEvents"))
    _add_purge(commands.add_parser("purge", help="remove what is older from the store"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen at (default: that of BACKPATH_BIND)")
    parser.add_argument("--port", type=_port, help="port to listen at")
    parser.add_argument("--workers", type=_positive, help="processes (default: BACKPATH_WORKERS)")
    parser.set_defaults(run=_serve)


def _add_demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, help="port to listen at (default: 5000)")
    parser.set_defaults(run=_demo)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a FHIR Bundle of one patient, a CDS Hooks request, NDJSON of either, a folder, or -",
    )
    parser.add_argument("--hook", choices=HOOKS, help="default: the request's own, else patient-view")
    _add_answer_options(parser)
    parser.set_defaults(run=_evaluate)


def _add_try(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fhir-server", required=True, metavar="URL", help="base URL of a FHIR R4 server")
    parser.add_argument("--patient", required=True, metavar="ID", help="id of a Patient there")
    _add_answer_options(parser)
    parser.set_defaults(run=_try)


def _add_answer_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--as-of", type=_day, metavar="YYYY-MM-DD", help="evaluation day (default: today)")
    parser.add_argument("--json", action="store_true", help="print the body that the service would answer")


def _add_knowledge(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate the knowledge and count what it holds")
    check.add_argument("--directory", metavar="DIR", help="another knowledge directory than the packaged one")
    check.set_defaults(run=_knowledge_check)
    show = actions.add_parser("show", help="print one recommendation or guard with its evidence")
    show.add_argument("id", metavar="ID", help="its id, e.g. esi-repeat, esi-too-early, esi-rolling-cap")
    show.add_argument("--tenant", metavar="T", help="as it is in force for this tenant of BACKPATH_TENANTS")
    show.set_defaults(run=_knowledge_show)


def _add_tenants(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(title="actions", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="validate the tenants file and say what is in force")
    check.add_argument("file", nargs="?", metavar="FILE", help="default: that of BACKPATH_TENANTS")
    check.set_defaults(run=_tenants_check)
    rotate = actions.add_parser("rotate-key", help="have a tenant's hashes made with a new key")
    rotate.add_argument("id", metavar="TENANT", help="its id")
    rotate.set_defaults(run=_rotate_key)


def _add_period(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--since", type=_day, metavar="YYYY-MM-DD", help="first day (default: of the first record)"
    )
    parser.add_argument(
        "--until", type=_day, metavar="YYYY-MM-DD", help="last day (default: of the last record)"
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    _add_period(parser)
    parser.add_argument("--tenant", metavar="T", help="one site alone")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page that needs nothing else")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write one figure a row")
    parser.add_argument(
        "--measure-report", type=Path, metavar="FILE", help="write a FHIR Bundle of MeasureReports"
    )
    parser.set_defaults(run=_report)


def _add_audit(parser: argparse.ArgumentParser) -> None:
    _add_period(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="NDJSON is written to it; - is stdout")
    parser.set_defaults(run=_audit)


def _add_purge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="default: that of BACKPATH_RETENTION_DAYS"
    )
    parser.set_defaults(run=_purge)


def _serve(chosen: argparse.Namespace) -> int:
    from cds_service.serving import serve

    settings = _with_address(settings_from(os.environ), chosen.host, chosen.port)
    serve(settings if chosen.workers is None else replace(settings, workers=chosen.workers))
    return DONE


def _demo(chosen: argparse.Namespace) -> int:
    from cds_service.serving import demo

    demo(_with_address(settings_from(os.environ), None, chosen.port))
    return DONE


def _evaluate(chosen: argparse.Namespace) -> int:
    from cds_service.evaluate import evaluate

    return evaluate(
        chosen.files,
        settings=settings_from(os.environ),
        hook=chosen.hook,
        as_of=chosen.as_of,
        as_json=chosen.json,
    )


def _try(chosen: argparse.Namespace) -> int:
    from cds_service.try_out import try_out

    return try_out(
        chosen.fhir_server,
        chosen.patient,
        settings=settings_from(os.environ),
        as_of=chosen.as_of,
        as_json=chosen.json,
    )


def _knowledge_check(chosen: argparse.Namespace) -> int:
    from cds_service.knowledge_view import check

    return check(chosen.directory)


def _knowledge_show(chosen: argparse.Namespace) -> int:
    from cds_service.knowledge_view import show
    from cds_service.sites import tenant_named

    if not chosen.tenant:
        return show(chosen.id)
    tenant = tenant_named(chosen.tenant, settings_from(os.environ))
    return show(chosen.id, tenant.overrides, tenant.order_codes)


def _tenants_check(chosen: argparse.Namespace) -> int:
    from cds_service.sites import made_ready
    from cds_service.tenants.checking import check

    return check(chosen.file, settings_from(os.environ), made_ready)


def _rotate_key(chosen: argparse.Namespace) -> int:
    from cds_service.upkeep import rotate_key

    return rotate_key(chosen.id, settings_from(os.environ))


def _report(chosen: argparse.Namespace) -> int:
    from cds_service.report.reporting import report

    return report(
        settings=settings_from(os.environ),
        since=chosen.since,
        until=chosen.until,
        tenant=chosen.tenant,
        html=chosen.html,
        csv=chosen.csv,
        measure_report=chosen.measure_report,
    )


def _audit(chosen: argparse.Namespace) -> int:
    from cds_service.audit import audit

    return audit(chosen.out, settings=settings_from(os.environ), since=chosen.since, until=chosen.until)


def _purge(chosen: argparse.Namespace) -> int:
    from cds_service.upkeep import purge_store

    settings = settings_from(os.environ)
    return purge_store(
        settings if chosen.older_than is None else replace(settings, retention_days=chosen.older_than)
    )


def _with_address(settings: Settings, host: str | None, port: int | None) -> Settings:
    """--host and --port go before BACKPATH_BIND."""
    bind = settings.bind
    return replace(
        settings,
        bind=Address((host or bind.host).strip("[]"), bind.port if port is None else port),
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return int(text)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError("a whole number from 1 to 256 is expected")
    return int(text)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and LEAST_DAYS_KEPT <= int(text) <= MOST_DAYS_KEPT):
        raise argparse.ArgumentTypeError(
            f"a whole number of days from {LEAST_DAYS_KEPT} to {MOST_DAYS_KEPT} is expected"
        )
    return int(text)


def _day(text: str) -> date:
    try:
        return day_of(text, "it")
    except PathwayError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
