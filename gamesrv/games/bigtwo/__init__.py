"""Big Two (Dai Di), a card game for two to four: be the first without cards.

`rules` says what may be played and what it is worth; it runs in the browser as well.
"""
