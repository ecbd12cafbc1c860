"""Everything is refused unless it is let through: one test walks every route there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from flask import Flask

from monitor.settings import Settings, SettingsError
from tests.web.dashboard import CRY, NAME, PASSPHRASE, Dashboard, csrf, dashboard
from web import carers, journal
from web.app import OPEN_ENDPOINTS, create_app, signing_key
from web.database import open_database

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
OPEN_API = {"api.healthz", "api.openapi"}


def _routes() -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route, with something in each place of a path."""
    with TemporaryDirectory() as folder:
        settings = Settings(state_dir=Path(folder))
        app = create_app(settings, open_database(settings.database_url))
        return [
            (rule.endpoint, method, _path(rule.rule))
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]


def _path(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: CRY if "cry" in found[1] else "1", rule)


ROUTES = _routes()
CLOSED = [r for r in ROUTES if r[0] not in OPEN_ENDPOINTS | OPEN_API]


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with dashboard(tmp_path_factory.mktemp("access")) as found:
        yield found.app


def test_the_walk_sees_the_routes() -> None:
    assert len(CLOSED) > 20
    assert {"home.home", "taps.undo", "live.stream", "cries.clip"} <= {r[0] for r in CLOSED}


@pytest.mark.parametrize(("endpoint", "method", "path"), CLOSED)
def test_every_route_refuses_a_stranger(app: Flask, endpoint: str, method: str, path: str) -> None:
    asks_for_page = {"Accept": "text/html"}
    answer = app.test_client().open(path, method=method, headers=asks_for_page)
    if answer.status_code == 302:
        assert method == "GET"
        assert answer.location.startswith("/sign-in")
    else:
        assert answer.status_code == 401
    assert NAME not in answer.text


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_path_of_the_api_that_is_none_is_a_problem_and_no_sign_in(
    app: Flask, method: str
) -> None:
    answer = app.test_client().open("/api/v1/nowhere", method=method)
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("endpoint", "method", "path"),
    [r for r in ROUTES if r[1] in WRITING and not r[0].startswith("api.")],
)
def test_every_writing_route_refuses_a_missing_csrf_token(
    app: Flask, endpoint: str, method: str, path: str
) -> None:
    client = app.test_client()
    token = csrf(client, "/sign-in")
    client.post("/sign-in", data={"name": NAME, "passphrase": PASSPHRASE, "csrf_token": token})
    answer = client.open(path, method=method, data={"csrf_token": "wrong"})
    assert answer.status_code == 400
    assert "too old" in answer.text


def test_no_cookie_opens_the_api_so_that_it_needs_no_csrf_token(shown: Dashboard) -> None:
    client = shown.client()
    paths = [(r[1], r[2]) for r in ROUTES if r[0].startswith("api.") and r[0] not in OPEN_API]
    assert {client.open(path, method=method).status_code for method, path in paths} == {401}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nope", "/static/page.js", "/healthz"])
def test_every_answer_carries_the_security_headers(shown: Dashboard, path: str) -> None:
    answer = shown.client().get(path, buffered=True)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_no_page_holds_inline_script_or_style_or_anything_from_outside(shown: Dashboard) -> None:
    shown.state()
    shown.cry()
    kitten = shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
    shown.advise()
    client = shown.client()
    pages = ("/", "/cries", f"/cries/{CRY}", "/babies", f"/babies/{kitten}", "/babies/new")
    forms = ("/note/feed", "/note/look", "/note/toilet", "/reminders/new", f"/babies/{kitten}/edit")
    for path in (*pages, *forms, "/health", "/messages", "/company", "/company/in/nest"):
        text = client.get(path).text
        assert "<style" not in text, path
        assert " style=" not in text, path
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), path
        assert not re.search(r"\son\w+=", text), path
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text), path


def test_wrong_name_and_wrong_passphrase_get_the_same_answer(shown: Dashboard) -> None:
    client = shown.client(signed_in=False)
    token = csrf(client, "/sign-in")
    told = set()
    for name, passphrase in ((NAME, "not the passphrase"), ("Nobody", PASSPHRASE)):
        form = {"name": name, "passphrase": passphrase, "csrf_token": token}
        answer = client.post("/sign-in", data=form)
        assert answer.status_code == 401
        told.add(re.search(r'role="alert">(.*?)</p>', answer.text)[1])  # type: ignore[index]
        assert f'value="{name}"' in answer.text
    assert len(told) == 1
    assert "carer reset" in told.pop()


def test_tries_to_sign_in_are_limited_but_right_ones_do_not_count(shown: Dashboard) -> None:
    for _ in range(8):
        shown.client()
    client = shown.client(signed_in=False)
    form = {"name": NAME, "passphrase": "wrong wrong wrong", "csrf_token": csrf(client, "/sign-in")}
    codes = [client.post("/sign-in", data=form).status_code for _ in range(7)]
    assert codes == [401] * 6 + [429]


def test_a_form_that_is_far_too_large_says_what_to_do(shown: Dashboard) -> None:
    answer = shown.app.test_client().post("/sign-in", data={"name": "x" * 200_000})
    assert answer.status_code == 413
    assert "send a shorter text" in answer.text


def test_the_cookie_is_kept_from_scripts_and_other_sites(shown: Dashboard) -> None:
    client = shown.client(signed_in=False)
    form = {"name": NAME, "passphrase": PASSPHRASE, "csrf_token": csrf(client, "/sign-in")}
    cookie = client.post("/sign-in", data=form).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_a_proxy_the_cookie_goes_over_tls_only(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path, web={"behind_proxy": True}) as shown:
        answer = shown.client(signed_in=False).get("/sign-in", base_url="https://nursery.example")
        assert "Secure" in answer.headers["Set-Cookie"]


def test_signing_out_ends_the_session(shown: Dashboard) -> None:
    client = shown.client()
    assert client.get("/").status_code == 200
    client.post("/sign-out", data={"csrf_token": csrf(client, "/health")})
    assert client.get("/").status_code == 302


def test_a_new_passphrase_ends_all_sessions(shown: Dashboard) -> None:
    client = shown.client()
    with shown.database.writing() as session:
        carers.reset(session, NAME, "another good passphrase", shown.now())
    assert client.get("/").status_code == 302


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil", "nope"])
def test_after_signing_in_nobody_is_sent_elsewhere(shown: Dashboard, target: str) -> None:
    client = shown.client(signed_in=False)
    form = {"name": NAME, "passphrase": PASSPHRASE, "next": target}
    answer = client.post("/sign-in", data={**form, "csrf_token": csrf(client, "/sign-in")})
    assert answer.location == "/"


def test_after_signing_in_one_is_where_one_wanted_to_go(shown: Dashboard) -> None:
    client = shown.client(signed_in=False)
    asked = client.get("/cries?before=x", headers={"Accept": "text/html"})
    page = client.get(asked.location)
    assert 'name="next" value="/cries?before=x"' in page.text


def test_the_first_run_takes_the_code_once_and_is_gone(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path, carer=False) as shown:
        code = carers.setup_code(tmp_path)
        client = shown.client(signed_in=False)
        assert "first-run link" in client.get("/sign-in").text
        assert client.get("/first-run?code=wrong").status_code == 403
        page = f"/first-run?code={code}"
        form = {"code": code, "name": "Ana", "csrf_token": csrf(client, page)}
        words = {"passphrase": PASSPHRASE, "again": PASSPHRASE}
        refused = client.post("/first-run", data={**form, **words, "code": "wrong"})
        assert refused.status_code == 403
        unlike = client.post("/first-run", data={**form, **words, "again": "x"})
        assert unlike.status_code == 422
        assert 'value="Ana"' in unlike.text
        short = client.post("/first-run", data={**form, "passphrase": "abc", "again": "abc"})
        assert short.status_code == 422
        assert client.post("/first-run", data={**form, **words}).status_code == 303
        assert client.get("/").status_code == 200
        stranger = shown.client(signed_in=False)
        assert stranger.get(page).status_code == 302
        assert not (tmp_path / "setup-code").exists()


def test_a_sign_in_holds_on_a_phone_whose_clock_is_months_ahead(shown: Dashboard) -> None:
    """Of the two, every browser goes by Max-Age (RFC 6265, section 5.3)."""
    client = shown.client()
    (cookie,) = client.get("/").headers.getlist("Set-Cookie")
    assert "; Max-Age=2592000" in cookie
    form = {"csrf_token": csrf(client, "/health")}
    (cookie,) = client.post("/sign-out", data=form).headers.getlist("Set-Cookie")
    assert cookie.count("Max-Age") == 1


def test_the_key_of_the_sessions_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    key = signing_key(tmp_path)
    assert signing_key(tmp_path) == key
    assert (tmp_path / "web.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["web.key"]


def test_a_key_that_cannot_be_kept_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="cannot keep the key"):
        signing_key(tmp_path / "file" / "state")
    (tmp_path / "web.key").write_text("short")
    with pytest.raises(SettingsError, match="damaged; delete it"):
        signing_key(tmp_path)
