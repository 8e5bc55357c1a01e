"""The rules of Big Two: what beats what, who may play what, what a deal is worth.

This module runs unchanged under CPython on the server and under MicroPython in the browser. So it imports
nothing and keeps to what both know (a test sees to that), and no order of a dict or set decides anything.

A card is an integer, ``4 * rank + suit``: ranks 0 to 12 are 3 to 2, suits 0 to 3 go from the lowest of the
table's order to the highest. So 0 is the lowest card and 51 the highest, whatever the suits are called (the
option ``suits``): that matters for names alone. Several cards are a mask, with a bit ``1 << card`` for each.

A play has a key, an integer that tells its kind and its worth: where two plays compare, the one with the
higher key is better. `Rules` knows the options of a table; a `Deal` is how one deal stands, as plain data.
"""

OK = "ok"
GAME_OVER = "game_over"
NOT_YOUR_TURN = "not_your_turn"
NOT_HELD = "not_held"
NOT_A_COMBINATION = "not_a_combination"
MUST_INCLUDE_FIRST_CARD = "must_include_first_card"
WRONG_SIZE = "wrong_size"
WRONG_KIND = "wrong_kind"
NOT_HIGHER = "not_higher"
LEADER_CANNOT_PASS = "leader_cannot_pass"

# ---------------------------------------------------------------------- cards

RANKS = "3456789TJQKA2"
ALL_CARDS = (1 << 52) - 1
NOBODY = -1  # instead of a seat

_LOW_HALF = (1 << 28) - 1  # MicroPython is slow with integers above 30 bits
_CARD = {1 << card: card for card in range(28)}
_SUITS = [0x1111111111111 << suit for suit in range(4)]
_TWOS = 15 << 48


def cards_of(mask: int) -> list[int]:
    """The cards of a mask, lowest first."""
    cards = []
    for half, first in ((mask & _LOW_HALF, 0), (mask >> 28, 28)):
        while half:
            lowest = half & -half
            cards.append(first + _CARD[lowest])
            half ^= lowest
    return cards


def mask_of(cards: list[int]) -> int:
    """The mask of some cards; raises `ValueError` for what is no card, or comes twice."""
    mask = 0
    for card in cards:
        if not 0 <= card < 52 or mask >> card & 1:
            raise ValueError(f"no card, or twice: {card}")
        mask |= 1 << card
    return mask


def name_of(card: int, suits: str = "SHCD") -> str:
    """Rank and suit of a card, as ``TD``; ``suits`` is the option."""
    return RANKS[card >> 2] + suits[3 - (card & 3)]


def card_of(name: str, suits: str = "SHCD") -> int:
    """The card of that name, in large or small letters, a ten as ``T`` or ``10``; `ValueError` for none."""
    short = name.upper().replace("10", "T")
    if len(short) != 2 or short[0] not in RANKS or short[1] not in suits:
        raise ValueError(f"no card: {name}")
    return 4 * RANKS.index(short[0]) + 3 - suits.index(short[1])


# ---------------------------------------------------------------------- options

OPTIONS: dict[str, tuple[str | int, ...] | range] = {
    "players": (4, 2, 3),
    "suits": ("SHCD",),  # high to low, in any order
    # linear: 34567 to JQKA2; no2: 34567 to TJQKA; wide: linear, and A2345 and 23456 below;
    # pagat: no2, and A2345 and 23456 below; taiwan: no2, A2345 below and 23456 above.
    "straights": ("pagat", "linear", "no2", "wide", "taiwan"),
    "low_straight_key": ("bottom", "two"),  # A2345 and 23456 count by their 5 and 6, or by their 2
    "flush_order": ("suit", "rank"),  # what decides first between flushes
    "sf_order": ("rank", "suit"),  # and between straight flushes
    "triples": (True, False),  # whether they may be played alone
    "four_cards": ("none", "quads4", "twopair_quads4"),  # plays of four cards; two pairs are the lower
    "quads_bomb": ("no", "any"),  # four and one, and straight flushes, beat all else, of any size
    "five_cross": ("yes", "same_kind"),  # whether a better kind of five beats a worse one
    "first_lead": ("lowest_every_deal", "winner_leads"),  # from the second deal on
    "pass_rule": ("free", "locked"),  # locked: who has passed is out until the trick ends
    "play_on": (False, True),  # until one player alone has cards
    "dragon": (False, True),  # a hand of thirteen ranks wins as soon as it is dealt
    "scoring": ("classic", "simple", "tendouble", "hk4", "nodebot"),  # what cards left cost: see _STEPS
    "settle": ("zero_sum", "penalty", "pairwise"),  # who gets it: the winner, nobody, all who paid less
    "twos_double": (False, True),  # each two left doubles the cost of a hand
    "top_two_doubles": (False, True),  # so does the highest two
    "finish_doubles": (False, True),  # going out with twos, four of a kind or a straight flush doubles all
    "target": range(1001),  # points won or lost that end the match; 0: one deal
}
"""Every option with what it may be, the default first."""

PRESETS: dict[str, dict[str, str | int]] = {
    "pagat": {},
    "hong_kong": {"first_lead": "winner_leads", "scoring": "hk4", "settle": "pairwise"},
    "taiwan": {"suits": "SHDC", "straights": "taiwan", "quads_bomb": "any", "five_cross": "same_kind"},
    "philippine": {"suits": "DHSC"},
}
"""Common tables, by what they do differently."""


def options_for(preset: str = "pagat", **given: str | int) -> dict[str, str | int]:
    """All options of a table: those given, the others as in the preset.

    Raises `ValueError`; its ``args`` are the name of the option at fault and what is wrong with it.
    """
    if preset not in PRESETS:
        raise ValueError("preset", f"there is no {preset}")
    for name in sorted(given):
        if name not in OPTIONS:
            raise ValueError(name, "there is no such option")
    options = {name: given.get(name, PRESETS[preset].get(name, OPTIONS[name][0])) for name in OPTIONS}
    for name in sorted(OPTIONS):
        value, values = options[name], OPTIONS[name]
        known = sorted(str(value)) == sorted("SHCD") if name == "suits" else value in values
        if type(value) is not type(values[0]) or not known:
            raise ValueError(name, f"can't be {value!r}")
    if options["dragon"] and options["players"] != 4:
        raise ValueError("dragon", "hands have thirteen cards only where four play")
    if options["play_on"] and options["players"] == 2:
        raise ValueError("play_on", "when one of two is out, nobody is left to play on")
    if options["low_straight_key"] == "two" and options["straights"] not in ("pagat", "wide"):
        raise ValueError("low_straight_key", f"straights {options['straights']} leave no choice")
    return options


# ---------------------------------------------------------------------- plays

KINDS = "none single pair triple two_pairs four straight flush full_house four_and_one straight_flush".split()
"""What a play can be; of one size, a later kind beats an earlier one."""
SIZES = (0, 1, 2, 3, 4, 4, 5, 5, 5, 5, 5)  # how many cards each kind has

_GRAND = [KINDS.index(kind) for kind in ("four", "four_and_one", "straight_flush")]
_WORTH = 15  # bits of a key below the kind
_SINGLE, _PAIR, _TRIPLE, _TWO_PAIRS, _FOUR = [kind << _WORTH for kind in range(1, 6)]
_STRAIGHT, _FLUSH, _FULL_HOUSE, _FOUR_AND_ONE, _STRAIGHT_FLUSH = [kind << _WORTH for kind in range(6, 11)]

# The ways to take n of the suits held of a rank, all as four bits: _TAKE[n][held].
_TAKE = [
    [[s for s in range(16) if s & h == s and len(cards_of(s)) == n] for h in range(16)] for n in range(5)
]


def kind_of(key: int) -> int:
    """The kind of a play, as index of `KINDS` and `SIZES`."""
    return key >> _WORTH


def _alike(held: list[int], size: int) -> list[int]:
    """All sets of so many cards of one rank."""
    return [suits << 4 * rank for rank in range(13) for suits in _TAKE[size][held[rank]]]


def _flushes(hand: int) -> list[int]:
    """All sets of five cards of one suit."""
    found = []
    for suit in _SUITS:
        cards = cards_of(hand & suit)
        if len(cards) >= 5:
            taken: list[list[int]] = [[0], [], [], [], [], []]
            for card in cards:
                for size in (5, 4, 3, 2, 1):
                    taken[size] += [mask | 1 << card for mask in taken[size - 1]]
            found += taken[5]
    return found


def _runs(options: dict[str, str | int]) -> dict[int, int]:
    """The ranks of each straight, as bits, and which of its cards, counted from the lowest, it counts by."""
    straights = options["straights"]
    runs = {31 << lowest: 4 for lowest in range(9 if straights in ("linear", "wide") else 8)}
    if straights in ("pagat", "wide", "taiwan"):
        by_two = options["low_straight_key"] == "two"
        runs[0b1100000000111] = 4 if by_two else 2
        runs[0b1000000001111] = 4 if by_two or straights == "taiwan" else 3
    return runs


# ---------------------------------------------------------------------- a deal


class Deal:
    """How one deal stands: plain data, for `Rules` to judge and to change."""

    hands: list[int]  # what each seat holds
    turn: int  # the seat that is to move; NOBODY when the deal is over
    owner: int  # who laid the last cards; before any were laid, who leads
    need: int  # the card that must be in the first play; 0 when there is none
    to_beat: int  # the key of the cards on the table; 0 where the seat to move leads
    passed: int  # a bit for each seat that has passed since the last play, or in this trick if that locks
    laid: list[int]  # what each seat laid last
    out: list[int]  # the seats that have no more cards, as they got rid of them

    def __init__(
        self,
        hands: list[int],
        turn: int,
        owner: int,
        need: int,
        to_beat: int,
        passed: int,
        laid: list[int],
        out: list[int],
    ) -> None:
        self.hands = hands
        self.turn = turn
        self.owner = owner
        self.need = need
        self.to_beat = to_beat
        self.passed = passed
        self.laid = laid
        self.out = out

    def copy(self) -> "Deal":
        """Another one just like it, to try things out."""
        d = self
        return Deal(d.hands[:], d.turn, d.owner, d.need, d.to_beat, d.passed, d.laid[:], d.out[:])


# ---------------------------------------------------------------------- rules

_STEPS = {
    "classic": ((10, 2), (13, 3)),
    "simple": (),
    "tendouble": ((10, 2),),
    "hk4": ((8, 2), (10, 3), (13, 4)),
    "nodebot": ((5, 2), (10, 3)),
}
"""From how many cards left on each of them costs how much; fewer cost one each."""


class Rules:
    """What the options of a table (all of them, see `options_for`) make of the game."""

    def __init__(self, options: dict[str, str | int]) -> None:
        self.options = options
        self._runs = _runs(options)
        self._flush_by_suit = options["flush_order"] == "suit"
        self._sf_by_suit = options["sf_order"] == "suit"
        self._bombs = options["quads_bomb"] == "any"
        self._two_pairs = _TWO_PAIRS if options["four_cards"] == "twopair_quads4" else 0
        # The kind that 1, 2, 3 or 4 cards of one rank are; 0 where they may not be played.
        triple, four = _TRIPLE if options["triples"] else 0, _FOUR if options["four_cards"] != "none" else 0
        self._alike = (0, _SINGLE, _PAIR, triple, four)
        # Kinds of the same number compete with each other.
        apart = (0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 8 if self._bombs else 9)
        self._contest = SIZES if options["five_cross"] == "yes" else apart

    def key(self, mask: int) -> int:
        """The key of the play that these cards are together; 0 where they are none."""
        cards = cards_of(mask)
        size = len(cards)
        if not 0 < size < 5:
            return self._key_of_five(cards) if size == 5 else 0
        low, high = cards[0], cards[-1]
        if low >> 2 == high >> 2:
            return self._alike[size] and self._alike[size] + high
        if size == 4 and low >> 2 == cards[1] >> 2 and cards[2] >> 2 == high >> 2:
            return self._two_pairs and self._two_pairs + high
        return 0

    def _key_of_five(self, cards: list[int]) -> int:
        a, b, c, d, e = [card >> 2 for card in cards]
        if a == d or b == e:
            return _FOUR_AND_ONE + c
        if a == b and d == e and (b == c or c == d):
            return _FULL_HOUSE + c
        # A pair from here on makes four ranks of two suits or more: neither a straight nor a flush.
        ranks = 1 << a | 1 << b | 1 << c | 1 << d | 1 << e
        v, w, x, y, z = cards
        suited = ((v ^ w) | (v ^ x) | (v ^ y) | (v ^ z)) & 3 == 0
        if ranks in self._runs:
            top = cards[self._runs[ranks]]
            if not suited:
                return _STRAIGHT + top
            return _STRAIGHT_FLUSH + ((top & 3) << 4 | top >> 2 if self._sf_by_suit else top)
        if not suited:
            return 0
        # As numbers the bits of the ranks compare from the top.
        return _FLUSH + ((v & 3) << 13 | ranks if self._flush_by_suit else ranks << 2 | v & 3)

    def beats(self, key: int, other: int) -> bool:
        """Whether a play may be laid on another one, by their keys; 0 is an empty table."""
        fit = not other or self._contest[key >> _WORTH] == self._contest[other >> _WORTH]
        return key > other and (fit or self._bombs and key >= _FOUR_AND_ONE)

    def plays(self, hand: int, size: int = 0) -> list[tuple[int, int]]:
        """Key and mask of all plays in a hand (those of ``size`` cards, if that is given), weakest first."""
        held = [hand >> shift & 15 for shift in range(0, 52, 4)]
        ones, pairs, triples, fours = [_alike(held, n) for n in (1, 2, 3, 4)]
        masks = (ones + pairs + triples + fours, ones, pairs, triples, fours, [])[size]
        if size in (0, 4) and self._two_pairs:
            masks = masks + [a | b for a in pairs for b in pairs if not a & b]
        if size in (0, 5):
            masks = masks + [a | b for a in triples for b in pairs if not a & b]
            masks += [a | b for a in fours for b in ones if not a & b]
            masks += self._straights(held) + _flushes(hand)
        # Some are there twice, some are not to be played.
        found = {(self.key(mask), mask) for mask in masks}
        return sorted([play for play in found if play[0]])

    def _straights(self, held: list[int]) -> list[int]:
        found = []
        ranks = sum([1 << rank for rank in range(13) if held[rank]])
        for run in self._runs:
            if run & ranks == run:
                masks = [0]
                for rank in range(13):
                    if run >> rank & 1:
                        masks = [mask | suit << 4 * rank for mask in masks for suit in _TAKE[1][held[rank]]]
                found += masks
        return found

    def may_play(self, deal: Deal, seat: int, mask: int) -> str:
        """`OK`, or the reason why the seat may not play these cards now."""
        return self._judge(deal, seat, mask, self.key(mask & ALL_CARDS))

    def _judge(self, deal: Deal, seat: int, mask: int, key: int) -> str:
        if seat != deal.turn or seat == NOBODY:
            return GAME_OVER if deal.turn == NOBODY else NOT_YOUR_TURN
        if deal.hands[seat] & mask != mask:
            return NOT_HELD
        if not key:
            return NOT_A_COMBINATION
        if deal.need & mask != deal.need:
            return MUST_INCLUDE_FIRST_CARD
        if self.beats(key, deal.to_beat):
            return OK
        kind, wanted = kind_of(key), kind_of(deal.to_beat)
        if SIZES[kind] != SIZES[wanted]:
            return WRONG_SIZE
        return NOT_HIGHER if self._contest[kind] == self._contest[wanted] else WRONG_KIND

    def may_pass(self, deal: Deal, seat: int) -> str:
        """`OK`, or the reason why the seat may not pass now."""
        if seat != deal.turn or seat == NOBODY:
            return GAME_OVER if deal.turn == NOBODY else NOT_YOUR_TURN
        return OK if deal.to_beat else LEADER_CANNOT_PASS

    def legal(self, deal: Deal, seat: int) -> list[int]:
        """All that the seat may play now, as masks, weakest first. Who leads can always play something."""
        if seat != deal.turn or seat == NOBODY:
            return []
        size = SIZES[kind_of(deal.to_beat)]
        found = self.plays(deal.hands[seat], size)
        if self._bombs and 0 < size < 5:
            found += self.plays(deal.hands[seat], 5)
        need, other = deal.need, deal.to_beat
        return [mask for key, mask in found if need & mask == need and self.beats(key, other)]

    def start(self, deck: list[int], winner: int = NOBODY) -> Deal:
        """Deals a shuffled deck card by card; ``winner`` won the deal before, if there was one.

        Two players get 17 cards each. So do three, and who has the lowest card gets the last one too.
        Raises `ValueError` unless the deck has each card once.
        """
        players = int(self.options["players"])
        if mask_of(deck) != ALL_CARDS:
            raise ValueError(f"a deck of {len(deck)} cards")
        size = 13 if players == 4 else 17
        hands = [mask_of(deck[seat : size * players : players]) for seat in range(players)]
        leader = min(range(players), key=lambda seat: hands[seat] & -hands[seat])
        if players == 3:
            hands[leader] |= 1 << deck[-1]
        need = hands[leader] & -hands[leader]
        if winner != NOBODY and self.options["first_lead"] == "winner_leads":
            leader, need = winner, 0
        deal = Deal(hands, leader, leader, need, 0, 0, [0] * players, [])
        dragons = [hand for hand in hands if all([hand >> shift & 15 for shift in range(0, 52, 4)])]
        if dragons and self.options["dragon"]:
            # Of several the one with the highest two.
            deal.turn, deal.out = NOBODY, [hands.index(max(dragons))]
        return deal

    def play(self, deal: Deal, seat: int, mask: int) -> str:
        """Lays the cards if the seat may; answers as `may_play`. If not `OK`, nothing has changed."""
        key = self.key(mask & ALL_CARDS)  # what is no card is not held
        answer = self._judge(deal, seat, mask, key)
        if answer == OK:
            deal.hands[seat] ^= mask
            deal.laid[seat], deal.owner, deal.need, deal.to_beat = mask, seat, 0, key
            if self.options["pass_rule"] == "free":
                deal.passed = 0
            if not deal.hands[seat]:
                deal.out.append(seat)
            self._next(deal)
        return answer

    def pass_turn(self, deal: Deal, seat: int) -> str:
        """Passes if the seat may; answers as `may_pass`. If not `OK`, nothing has changed."""
        answer = self.may_pass(deal, seat)
        if answer == OK:
            deal.passed |= 1 << seat
            self._next(deal)
        return answer

    def fallback(self, deal: Deal) -> int:
        """What is played for one who takes too long: the lowest card where they lead, else 0, a pass."""
        hand = deal.hands[deal.turn]
        return 0 if deal.to_beat else hand & -hand

    def _next(self, deal: Deal) -> None:
        """Gives the turn to the next who may answer. Where nobody may, the trick ends and its owner leads."""
        players = len(deal.hands)
        if deal.out and (len(deal.out) == players - 1 or not self.options["play_on"]):
            deal.turn = NOBODY
            return
        for step in range(1, players):
            seat = (deal.turn + step) % players
            if deal.hands[seat] and seat != deal.owner and not deal.passed >> seat & 1:
                deal.turn = seat
                return
        deal.to_beat = deal.passed = 0
        left = [seat for seat in range(players) if deal.hands[seat]]
        deal.turn = min(left, key=lambda seat: (seat - deal.owner) % players)

    def cost(self, hand: int) -> int:
        """What the cards left in a hand cost."""
        cards = len(cards_of(hand))
        each = [1] + [times for least, times in _STEPS[str(self.options["scoring"])] if cards >= least]
        cost = cards * each[-1]
        if self.options["twos_double"]:
            cost <<= len(cards_of(hand & _TWOS))
        if self.options["top_two_doubles"] and hand >> 51:
            cost *= 2
        return cost

    def score(self, deal: Deal) -> list[int]:
        """What a deal that is over brings each seat: more is better, and it adds up to 0, penalties aside."""
        last = deal.laid[deal.out[0]]
        grand = kind_of(self.key(last)) in _GRAND or last & _TWOS == last != 0
        doubled = grand and self.options["finish_doubles"]
        hands = [0 if seat == deal.out[0] else deal.hands[seat] for seat in range(len(deal.hands))]
        costs = [2 * self.cost(hand) if doubled else self.cost(hand) for hand in hands]
        if self.options["settle"] == "pairwise":
            return [sum(costs) - len(costs) * cost for cost in costs]
        scores = [-cost for cost in costs]
        if self.options["settle"] == "zero_sum":
            scores[deal.out[0]] += sum(costs)
        return scores

    def match_over(self, scores: list[int]) -> bool:
        """Whether the running scores, the sums of those of each deal, end the match."""
        return max([abs(score) for score in scores]) >= int(self.options["target"])
