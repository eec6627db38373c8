"""What `client.login()` does in Python: it opens the browser, and tells the user what it waits for."""

import os
import sys
import webbrowser


def open_browser(url: str) -> bool:
    """Whether there was a browser to open. One that runs in the terminal is none: it would take the terminal away."""
    try:
        name = getattr(webbrowser.get(), "name", None)
        return os.path.basename(str(name)) not in _IN_THE_TERMINAL and webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


def tell(line: str) -> None:
    """One line for the user, if there is a stderr."""
    if sys.stderr is not None:
        try:
            print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            pass  # It is closed.


_IN_THE_TERMINAL = {"browsh", "elinks", "links", "links2", "lynx", "w3m", "www-browser"}
