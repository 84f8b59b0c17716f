"""A server whose answer tells what is in force: arguments are port, tenants file, and what is slow."""

import os
import sys
import time
from pathlib import Path

from flask import Flask, jsonify

from cds_service.gunicorn_server import Server
from cds_service.settings import Address, Settings
from cds_service.tenants.loading import load_tenants
from cds_service.tenants.model import Tenant
from cds_service.tenants.registry import Registry

SLOW_S = 1.0


class SlowFork(Server):
    """Leaves a second between a worker's birth and its signal handlers."""

    def load_config(self) -> None:
        super().load_config()
        self.cfg.set("post_fork", lambda _, __: time.sleep(SLOW_S))


def main(port: str, file: str, *slow: str) -> None:
    settings = Settings(bind=Address("127.0.0.1", int(port)), workers=2, public_url="https://cds.example.org")
    registry: Registry[Tenant] = Registry(lambda: load_tenants(Path(file), settings))

    def make_app() -> Flask:
        app = Flask(__name__)

        @app.get("/in-force")
        def in_force() -> object:
            return jsonify(pid=os.getpid(), titles=[tenant.title for tenant in registry.current])

        if "load" in slow:
            tell("loading")
            time.sleep(SLOW_S)
        return app

    server = SlowFork if "fork" in slow else Server
    reload = None if "nothing" in slow else registry.reload
    server(make_app, settings, lambda: tell("ready"), reload=reload).run()


def tell(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
