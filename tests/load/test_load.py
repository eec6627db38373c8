"""200 users sign in at once, through several workers with several threads each, while what they need dies."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import provider
import pytest
import servers
from servers import THREADS, WORKERS
from visitors import Page, Visitor, at_once

USERS, DELIVERIES = 200, 40
SUBS = [f"user-{number}" for number in range(USERS)]

Tell = Callable[[str], None]


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Tell:
    """Prints what was counted, also if the test passes."""

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
    """All users, who have signed in at the provider, and whose callbacks are still to come."""
    visitors = [Visitor(sub, app.url) for sub in SUBS]
    at_once(Visitor.begin, visitors)
    return visitors


def assert_each_has_their_own(visitors: list[Visitor], at_provider: provider.Provider, app: servers.App) -> None:
    """Everybody holds their profile, and the last token that the provider issued to them."""
    issued = at_provider.issued()
    assert len(set(issued.values())) == USERS
    pages = at_once(lambda visitor: visitor.get(visitor.next), visitors)
    for visitor, page in zip(visitors, pages, strict=True):
        assert page.status == 200, page
        told = json.loads(page.text)
        assert (told["sub"], told["name"]) == (visitor.sub, f"Name of {visitor.sub}")
        assert told["token"] == issued[visitor.sub]
    assert "Traceback" not in app.log


def is_signed_in(visitor: Visitor, page: Page | None) -> bool:
    return page is not None and (page.status, page.location) == (302, visitor.next)


def unfinished(visitors: list[Visitor], pages: list[Page | None]) -> dict[Visitor, Page | None]:
    """What those saw who are not signed in."""
    seen = zip(visitors, pages, strict=True)
    return {visitor: page for visitor, page in seen if not is_signed_in(visitor, page)}


def test_each_user_gets_their_own_token_and_profile(tmp_path: Path, at_provider: provider.Provider, tell: Tell) -> None:
    with servers.app(tmp_path, at_provider.issuer()) as app:
        visitors = visitors_of(app)

        def let_all_threads_meet() -> None:
            # Where the code is sent, and again in what the app does with the tokens.
            for endpoint in ("token", "userinfo"):
                at_provider.wait_until_held(endpoint, WORKERS * THREADS)
                at_provider.release(endpoint)

        at_provider.hold("token")
        at_provider.hold("userinfo")
        assert not unfinished(visitors, at_once(Visitor.finish, visitors, meanwhile=let_all_threads_meet))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"{USERS} users signed in at once, each to their own account.")


def test_a_killed_worker_takes_only_what_it_held(tmp_path: Path, at_provider: provider.Provider, tell: Tell) -> None:
    with servers.app(tmp_path, at_provider.issuer()) as app:
        visitors = visitors_of(app)
        held: set[int] = set()

        def kill() -> None:
            at_provider.wait_until_held("token", WORKERS * THREADS)
            held.update(app.kill_a_worker())
            at_provider.release("token")

        at_provider.hold("token")
        pages = at_once(Visitor.finish, visitors, meanwhile=kill)
        failed = list(unfinished(visitors, pages))
        assert {visitor.client_port for visitor in failed} == held
        assert pages.count(None) == len(failed)

        # Of what it held, each thread had sent a code; the answers found nobody, and those logins begin again.
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
        f"A killed worker held {len(failed)} of {USERS} logins, and only those failed. A reload finished "
        f"{len(failed) - THREADS}, and a new login the {THREADS} whose codes were used."
    )


@pytest.mark.redis
def test_a_lost_store_is_named_and_uses_nothing_up(
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
        # Each thread of each worker had a login past the store, and what came later found none.
        assert len(refused) == USERS - WORKERS * THREADS
        assert at_provider.token_requests() == USERS - len(refused)
        told = Counter((page.status, page.cause) for page in refused.values() if page)
        assert told == {(503, "store · store_unavailable"): len(refused)}

        redis.start()
        assert not unfinished(list(refused), at_once(Visitor.finish, refused))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"Without Redis {len(refused)} of {USERS} logins were refused by name, and a reload finished them later.")


def test_one_callback_that_comes_often_is_one_token_request(
    tmp_path: Path, at_provider: provider.Provider, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), f"sqlite:///{tmp_path}/logins.db") as app:
        visitor = Visitor(SUBS[0], app.url)
        visitor.begin()
        pages = at_once(lambda tab: tab.finish(), [visitor.another_tab() for _ in range(DELIVERIES)])
    told = Counter((page.status, page.cause) for page in pages if page)
    assert told == {(302, ""): 1, (400, "already_finished · login_spent"): DELIVERIES - 1}
    assert at_provider.token_requests() == 1
    tell(f"One callback came {DELIVERIES} times at once to {WORKERS} workers: one token request.")
