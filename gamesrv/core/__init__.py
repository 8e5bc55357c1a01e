"""The rules' side: pure, deterministic Python with no Twisted, no clock and no I/O."""
