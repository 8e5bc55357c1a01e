"""What a connection talks to: sessions, lobby, rooms and the clock that drives them."""
