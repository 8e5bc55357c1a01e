"""Tells ``twistd`` that there is a command ``gamesrv``; what it does is in ``gamesrv.tap``.

Every run of ``twistd`` imports this file, so it imports nothing else.
"""

from twisted.application.service import ServiceMaker

gamesrv = ServiceMaker("gamesrv", "gamesrv.tap", "Authoritative multiplayer game server", "gamesrv")
