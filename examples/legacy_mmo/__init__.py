"""An old MMO's account server and game server, for a client of that kind; README.md tells more."""
