"""200 users sign in at once, through several workers with several threads each, while a worker or Redis is killed."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import provider
import pytest
import servers
from servers import THREADS, WORKERS
from visitors import Page, Visitor, at_once

USERS, DELIVERIES = 200, 40
GEVENT_THREADS = 20
SUBS = [f"user-{number}" for number in range(USERS)]

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Prints text, also if the test passes."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")

    return tell


@pytest.fixture
def at_provider() -> Iterator[provider.Provider]:
    with provider.running(SUBS) as running:
        yield running


@pytest.fixture
def redis() -> Iterator[servers.Redis]:
    running = servers.Redis()
    try:
        yield running
    finally:
        running.kill()


def visitors_of(app: servers.App) -> list[Visitor]:
    """All users. They have signed in at the provider, and have not opened their callbacks yet."""
    visitors = [Visitor(sub, app.url) for sub in SUBS]
    at_once(Visitor.begin, visitors)
    return visitors


def assert_each_has_their_own(visitors: list[Visitor], at_provider: provider.Provider, app: servers.App) -> None:
    """Asserts that the app has stored, for each user, their profile and the last token that the provider issued to
    them."""
    issued = at_provider.issued()
    assert len(set(issued.values())) == USERS
    pages = at_once(lambda visitor: visitor.get(visitor.next), visitors)
    for visitor, page in zip(visitors, pages, strict=True):
        assert page.status == 200, page
        stored = json.loads(page.text)
        assert (stored["sub"], stored["name"]) == (visitor.sub, f"Name of {visitor.sub}")
        assert stored["token"] == issued[visitor.sub]
    assert "Traceback" not in app.log


def is_signed_in(visitor: Visitor, page: Page | None) -> bool:
    return page is not None and (page.status, page.location) == (302, visitor.next)


def unfinished(visitors: list[Visitor], pages: list[Page | None]) -> dict[Visitor, Page | None]:
    """The pages of the users who are not signed in."""
    seen = zip(visitors, pages, strict=True)
    return {visitor: page for visitor, page in seen if not is_signed_in(visitor, page)}


def test_each_user_gets_their_own_token_and_profile(tmp_path: Path, at_provider: provider.Provider, tell: Tell) -> None:
    with servers.app(tmp_path, at_provider.issuer()) as app:
        visitors = visitors_of(app)

        def let_all_threads_meet() -> None:
            # First in the token request, then in the app's own userinfo request.
            for endpoint in ("token", "userinfo"):
                at_provider.wait_until_held(endpoint, WORKERS * THREADS)
                at_provider.release(endpoint)

        at_provider.hold("token")
        at_provider.hold("userinfo")
        assert not unfinished(visitors, at_once(Visitor.finish, visitors, meanwhile=let_all_threads_meet))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"{USERS} users signed in at once, each to their own account.")


def test_a_killed_worker_fails_only_its_own_logins(tmp_path: Path, at_provider: provider.Provider, tell: Tell) -> None:
    with servers.app(tmp_path, at_provider.issuer()) as app:
        visitors = visitors_of(app)
        killed: set[int] = set()

        def kill() -> None:
            at_provider.wait_until_held("token", WORKERS * THREADS)
            killed.update(app.kill_a_worker())
            at_provider.release("token")

        at_provider.hold("token")
        pages = at_once(Visitor.finish, visitors, meanwhile=kill)
        failed = list(unfinished(visitors, pages))
        assert {visitor.client_port for visitor in failed} == killed
        assert pages.count(None) == len(failed)

        # Each thread of the worker had sent a code, and nobody received the response: these logins begin again.
        codes_used = [visitor for visitor in failed if visitor.sub in at_provider.issued()]
        assert len(codes_used) == THREADS
        for visitor, page in zip(failed, at_once(Visitor.finish, failed), strict=True):
            if visitor not in codes_used:
                assert is_signed_in(visitor, page), page
                continue
            assert page and (page.status, page.cause) == (502, "provider_error · token_error"), page
            visitor.begin(page.again)
            assert is_signed_in(visitor, visitor.finish())
        assert_each_has_their_own(visitors, at_provider, app)
    tell(
        f"A killed worker had {len(failed)} of {USERS} logins, and only these failed. A reload finished "
        f"{len(failed) - THREADS}, and a new login the {THREADS} whose codes were used."
    )


@pytest.mark.redis
def test_logins_without_redis_can_be_finished_later(
    tmp_path: Path, at_provider: provider.Provider, redis: servers.Redis, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), redis.url) as app:
        visitors = visitors_of(app)

        def kill() -> None:
            at_provider.wait_until_held("token", WORKERS * THREADS)
            redis.kill()
            at_provider.release("token")

        at_provider.hold("token")
        pages = at_once(Visitor.finish, visitors, meanwhile=kill)
        refused = unfinished(visitors, pages)
        # Each thread of each worker had one login that was already in the store. All others found no store.
        assert len(refused) == USERS - WORKERS * THREADS
        assert at_provider.token_requests() == USERS - len(refused)
        seen = Counter((page.status, page.cause) for page in refused.values() if page)
        assert seen == {(503, "store · store_unavailable"): len(refused)}

        redis.start()
        assert not unfinished(list(refused), at_once(Visitor.finish, refused))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(
        f"Without Redis, {len(refused)} of {USERS} logins failed with store_unavailable. A reload finished them later."
    )


def test_a_callback_that_arrives_often_makes_one_token_request(
    tmp_path: Path, at_provider: provider.Provider, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), f"sqlite:///{tmp_path}/logins.db") as app:
        visitor = Visitor(SUBS[0], app.url)
        visitor.begin()
        pages = at_once(lambda tab: tab.finish(), [visitor.another_tab() for _ in range(DELIVERIES)])
    seen = Counter((page.status, page.cause) for page in pages if page)
    assert seen == {(302, ""): 1, (400, "already_finished · login_already_used"): DELIVERIES - 1}
    assert at_provider.token_requests() == 1
    tell(f"One callback arrived {DELIVERIES} times at once at {WORKERS} workers: one token request.")


def test_a_gevent_worker_responds_while_logins_wait(tmp_path: Path, at_provider: provider.Provider, tell: Tell) -> None:
    """It has one thread for all requests. The logins wait in the pool of `gevent_app.py`."""
    store = f"sqlite:///{tmp_path}/logins.db"
    with servers.app(tmp_path, at_provider.issuer(), store, servers.GEVENT) as app:
        visitors = visitors_of(app)

        def open_another_page() -> None:
            at_provider.wait_until_held("token", GEVENT_THREADS)
            assert Visitor("somebody", app.url).get("/nowhere").status == 404
            at_provider.release("token")

        at_provider.hold("token")
        assert not unfinished(visitors, at_once(Visitor.finish, visitors, meanwhile=open_another_page))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"A gevent worker responded while {GEVENT_THREADS} logins waited, and then signed {USERS} users in.")


def test_the_page_about_workers_has_what_the_gevent_worker_runs() -> None:
    page = (servers.HERE.parents[1] / "docs" / "workers.md").read_text()
    [program] = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "gevent" in block]
    source = (servers.HERE / "gevent_app.py").read_text().replace("from app import app\n", "")
    assert program in source
