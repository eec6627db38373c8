"""200 users sign in at once to the same app in FastAPI with uvicorn, and in Django with gunicorn, while a worker or
Redis is killed. `run.sh --all` runs it; with Flask the same is in `test_load.py`.

An event loop accepts every connection at once, so uvicorn spreads them unevenly, and how many threads wait at the same
time is not known: only that those of the busiest worker do.
"""

import time
from collections import Counter
from pathlib import Path

import provider
import pytest
import servers
from servers import THREADS
from test_load import (
    USERS,
    Tell,
    assert_each_has_their_own,
    at_provider,
    is_signed_in,
    redis,
    tell,
    unfinished,
    visitors_of,
)
from visitors import Visitor, at_once

__all__ = ["at_provider", "redis", "tell"]  # the fixtures

SERVED = {"uvicorn+FastAPI": servers.FASTAPI, "gunicorn+Django": servers.DJANGO}
pytestmark = pytest.mark.parametrize("name", SERVED)


def test_each_user_gets_their_own_token_and_profile(
    name: str, tmp_path: Path, at_provider: provider.Provider, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), served=SERVED[name]) as app:
        visitors = visitors_of(app)
        began = time.monotonic()

        def let_threads_meet() -> None:
            for endpoint in ("token", "userinfo"):
                at_provider.wait_until_held(endpoint, THREADS)
                at_provider.release(endpoint)

        at_provider.hold("token")
        at_provider.hold("userinfo")
        assert not unfinished(visitors, at_once(Visitor.finish, visitors, meanwhile=let_threads_meet))
        took = time.monotonic() - began
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"{name}: {USERS} users signed in at once, each to their own account, in {took:.1f} s.")


def test_a_killed_worker_fails_only_its_own_logins(
    name: str, tmp_path: Path, at_provider: provider.Provider, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), served=SERVED[name]) as app:
        visitors = visitors_of(app)
        killed: set[int] = set()

        def kill() -> None:
            at_provider.wait_until_held("token", THREADS)
            killed.update(app.kill_a_worker())
            at_provider.release("token")

        at_provider.hold("token")
        pages = at_once(Visitor.finish, visitors, meanwhile=kill)
        failed = list(unfinished(visitors, pages))
        assert killed
        assert {visitor.client_port for visitor in failed} == killed
        assert pages.count(None) == len(failed)

        # Of these logins, the codes of some were sent, and nobody received the response: they begin again.
        codes_used = [visitor for visitor in failed if visitor.sub in at_provider.issued()]
        assert len(codes_used) <= THREADS
        for visitor, page in zip(failed, at_once(Visitor.finish, failed), strict=True):
            if visitor not in codes_used:
                assert is_signed_in(visitor, page), page
                continue
            assert page and (page.status, page.cause) == (502, "provider_error · token_error"), page
            visitor.begin(page.again)
            assert is_signed_in(visitor, visitor.finish())
        assert_each_has_their_own(visitors, at_provider, app)
    tell(
        f"{name}: a killed worker had {len(failed)} of {USERS} logins, and only these failed. A reload finished "
        f"{len(failed) - len(codes_used)}, and a new login the {len(codes_used)} whose codes were used."
    )


@pytest.mark.redis
def test_logins_without_redis_can_be_finished_later(
    name: str, tmp_path: Path, at_provider: provider.Provider, redis: servers.Redis, tell: Tell
) -> None:
    with servers.app(tmp_path, at_provider.issuer(), redis.url, SERVED[name]) as app:
        visitors = visitors_of(app)

        def kill() -> None:
            at_provider.wait_until_held("token", THREADS)
            redis.kill()
            at_provider.release("token")

        at_provider.hold("token")
        pages = at_once(Visitor.finish, visitors, meanwhile=kill)
        refused = unfinished(visitors, pages)
        assert refused
        assert at_provider.token_requests() == USERS - len(refused)
        seen = Counter((page.status, page.cause) for page in refused.values() if page)
        # The reply of a claim that was on its way is lost; that login is in no store either, because Redis is empty.
        assert set(seen) <= {(503, "store · store_unavailable"), (503, "store_reply_lost · store_reply_lost")}
        assert sum(seen.values()) == len(refused)

        redis.start()
        assert not unfinished(list(refused), at_once(Visitor.finish, refused))
        assert at_provider.token_requests() == USERS
        assert_each_has_their_own(visitors, at_provider, app)
    tell(f"{name}: without Redis, {len(refused)} of {USERS} logins failed. A reload finished them later.")
