"""On the path of a program: names under `rebinding.test` resolve to a public address and to
loopback in turn, as a hostile name server answers.

The public address (AS112, RFC 7535: nobody's host) is that of a server on 127.0.0.2, so that
nothing leaves this machine.
"""

import itertools
import socket

_PUBLIC = "192.31.196.1"
_answers = itertools.cycle((_PUBLIC, "127.0.0.1"))
_getaddrinfo, _create_connection = socket.getaddrinfo, socket.create_connection


def _resolved(host, port, *given, **more):
    name = host.decode() if isinstance(host, bytes) else host
    if isinstance(name, str) and name.endswith(".rebinding.test"):
        host = next(_answers)
    return _getaddrinfo(host, port, *given, **more)


def _connected(address, *given, **more):
    host, port = address
    return _create_connection(("127.0.0.2" if host == _PUBLIC else host, port), *given, **more)


socket.getaddrinfo = _resolved
socket.create_connection = _connected
