"""Run by Alembic for each command, in the transaction that `cds_service.store.migrating` began."""

from alembic import context

from cds_service.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
