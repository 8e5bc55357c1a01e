"""The command ``gamesrv``: what one does with games and their journals beside running a server."""
