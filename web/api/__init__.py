"""The REST API, described by OpenAPI, and `/healthz`: bearer tokens, written by the journal."""

from web.api.access import blueprint
from web.api.application import new_app, register_api

__all__ = ["blueprint", "new_app", "register_api"]
