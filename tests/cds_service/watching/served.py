"""A service of the tests' own under the product's server: counts a call for each request, and tells.

Arguments: port, workers.
"""

import os
import sys

from flask import Flask

from cds_service.gunicorn_server import Server
from cds_service.metrics import Readings, blueprint
from cds_service.settings import Address, Settings
from cds_service.watching.counting import Counts
from cds_service.watching.watch import Watch
from tests.cds_service.watching.making import a_call, five_cards, stages_of_a_call, words

ABOUT = {"version": "0", "knowledge_version": "0", "mode": "tenants"}


def main(port: int, workers: int) -> None:
    watch = Watch(Counts(words()))
    watch.begin_at_zero(["north"])

    def make() -> Flask:
        app = Flask(__name__)
        app.register_blueprint(
            blueprint(watch.counts, lambda: Readings(store_up=True, outbox_rows=0, tenants=1), ABOUT)
        )

        @app.post("/call/<tenant>")
        def call(tenant: str) -> str:
            watch.answered(a_call(tenant=tenant, cards=five_cards()), stages_of_a_call())
            return str(os.getpid())

        @app.get("/folder")
        def folder() -> str:
            return str(watch.counts.folder)

        return app

    settings = Settings(bind=Address("127.0.0.1", port), workers=workers, threads=4)
    Server(make, settings, lambda: None, begin=watch.begin).run()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
