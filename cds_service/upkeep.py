"""`backpath purge` and `backpath tenants rotate-key`: looking after what is remembered."""

from pathlib import Path

from rich.console import Console

from cds_service.errors import SettingsError
from cds_service.logs import log_to
from cds_service.memory.identities import folder_beside, key_file
from cds_service.memory.key_files import rotate
from cds_service.memory.purging import purge
from cds_service.settings import Settings
from cds_service.store.errors import StoreAwayError, StoreError
from cds_service.store.location import location_of
from cds_service.store.opening import open_store
from cds_service.tenants.loading import load_tenants
from cds_service.tenants.model import Tenant, development

DONE = 0


def purge_store(settings: Settings) -> int:
    """Remove what is older than the retention from the store, and print how much; the exit status.

    On a terminal a line says how far it is.

    Raises:
        SettingsError: the store cannot be used, or is away.
    """
    store = open_store(settings.store, log=log_to(), threads=1)
    try:
        with Console(stderr=True).status("Purging") as status:
            removed = purge(
                settings.retention_days, store, told=lambda so_far: status.update(f"Purging: {so_far}")
            )
    except StoreAwayError as error:
        raise StoreError(f"the store is away ({error.cause}); what was removed so far is gone") from None
    finally:
        store.close()
    print(f"Removed what is older than {settings.retention_days} days: {removed}.")  # noqa: T201 - a command line speaks
    return DONE


def rotate_key(tenant_id: str, settings: Settings) -> int:
    """Put a new key before a tenant's others; the exit status.

    Raises:
        SettingsError: there is no such tenant, or its key file cannot be used.
    """
    tenants: tuple[Tenant, ...] = (development(settings),)
    if settings.tenants is not None:
        tenants = load_tenants(settings.tenants, settings)
    named = {tenant.id: tenant.memory.key_file for tenant in tenants}
    if tenant_id not in named:
        raise SettingsError(f"no tenant {tenant_id!r}; known: {', '.join(sorted(named))}")
    own = named[tenant_id]
    file = key_file(folder_beside(location_of(settings.store)), tenant_id, Path(own) if own else None)
    kept = rotate(file)
    print(  # noqa: T201
        f"{tenant_id} has a new key; {kept} keys find what was kept. "
        "Copy the file to every replica, then send SIGHUP to each."
    )
    return DONE
