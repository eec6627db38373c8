"""The Python part of `client.login_with_browser()`: opens the browser, and tells the user what is happening."""

import os
import sys
import webbrowser


def open_browser(url: str) -> bool:
    """Opens the browser, and returns whether there was one. A text browser does not count: it would take over the
    terminal."""
    try:
        name = getattr(webbrowser.get(), "name", None)
        return os.path.basename(str(name)) not in _TEXT_BROWSERS and webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def tell(line: str) -> None:
    """Prints a line for the user, if there is a stderr."""
    if sys.stderr is not None:
        try:
            print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # stderr is closed.


_TEXT_BROWSERS = {"browsh", "elinks", "links", "links2", "lynx", "w3m", "www-browser"}
