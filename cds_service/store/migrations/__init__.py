"""How the store's tables came to be, in Alembic's form; run by `cds_service.store.migrating`."""
