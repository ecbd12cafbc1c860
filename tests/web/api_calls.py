"""The API for tests: a client with a token that may write, and a clock to turn."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from monitor.settings import Settings
from tests.web.cry_messages import NOW
from web import tokens
from web.api import new_app, register_api
from web.database import Database
from web.take import take


class Api:
    """A client with a token, and a clock to turn."""

    def __init__(self, database: Database, scope: tokens.Scope = tokens.READ) -> None:
        self.database, self.now = database, NOW
        app = new_app("web")
        app.extensions.update(settings=Settings(), database=database, now=lambda: self.now)
        register_api(app)
        self.client: FlaskClient = app.test_client()
        with database.writing() as session:
            self.token = tokens.add(session, "test", NOW, scope=scope)

    def get(self, path: str, token: str | None = None) -> TestResponse:
        """What a path answers."""
        return self.client.get(path, headers={"Authorization": f"Bearer {token or self.token}"})

    def json(self, path: str) -> Any:
        """What a path gives."""
        response = self.get(path)
        assert response.status_code == 200, response.text
        return response.json

    def send(
        self, method: str, path: str, body: Any = None, key: str | None = None
    ) -> TestResponse:
        """What a path answers to a body."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.client.open(path, method=method, json=body, headers=headers)

    def post(self, path: str, body: Any, method: str = "POST") -> Any:
        """What was written."""
        response = self.send(method, path, body)
        assert response.status_code in (200, 201), response.text
        return response.json

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and problem."""
        response = self.send(method, path, body)
        assert response.content_type == "application/problem+json", response.text
        return response.status_code, response.json

    def take(self, *messages: Any) -> None:
        """Messages arrive."""
        with self.database.writing() as session:
            assert set(take(session, list(messages), Settings(), self.now)) == {None}
