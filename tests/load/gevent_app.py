"""The app for gunicorn's gevent workers: its logins run in native threads, as docs/workers.md says."""

from collections.abc import Callable
from contextvars import copy_context
from functools import wraps
from typing import Any

from app import app
from flask import Flask, request
from gevent.threadpool import ThreadPool

logins = ThreadPool(20)  # this many logins wait for providers at once, in each worker


def in_a_native_thread(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def waits(*args: Any, **kwargs: Any) -> Any:
        request.get_data(parse_form_data=True)  # read the form here: the connection belongs to this thread
        return logins.apply(copy_context().run, (view, *args), kwargs)

    return waits


def log_in_with_gevent(app: Flask) -> None:
    for endpoint in ("proofkey.start", "proofkey.callback"):
        app.view_functions[endpoint] = in_a_native_thread(app.view_functions[endpoint])


log_in_with_gevent(app)
