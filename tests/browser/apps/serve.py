"""Serves an app: `serve.py FOLDER MODULE DESCRIPTOR [CERTIFICATE]`. The descriptor is that of a socket that listens; the
certificate, with its key, makes it https. Flask and Django run in Werkzeug's server, and FastAPI in Uvicorn.
"""

import importlib
import socket
import sys

folder, name, descriptor, *certificate = sys.argv[1:]
sys.path.insert(0, folder)
module = importlib.import_module(name)
if name.startswith("fastapi"):
    import uvicorn

    config = uvicorn.Config(
        module.app, log_level="warning", ssl_certfile=certificate[0] if certificate else None, lifespan="off"
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(descriptor))])
else:
    from werkzeug.serving import make_server

    if hasattr(module, "urlpatterns"):
        from django.core.management import call_command
        from django.core.wsgi import get_wsgi_application

        call_command("migrate", verbosity=0)
        app = get_wsgi_application()
    else:
        app = module.app
    ssl_context = (certificate[0], certificate[0]) if certificate else None
    make_server("localhost", 0, app, threaded=True, fd=int(descriptor), ssl_context=ssl_context).serve_forever()
