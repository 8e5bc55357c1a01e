// @ts-check
/** A table's options in a few words: what is not as usual. */

/** @typedef {Record<string, any>} Plain */

/** @type {Record<string, string>} */
const PRESETS = {
  pagat: "Common rules",
  hong_kong: "Hong Kong rules",
  taiwan: "Taiwan rules",
  philippine: "Philippine rules",
};
/** @type {Record<string, string>} */
export const LEVELS = {
  random: "careless bots",
  greedy: "hasty bots",
  planner: "thoughtful bots",
  expert: "expert bots",
};

/**
 * What each value means that a table may choose; a preset says what is usual.
 * @type {Record<string, Record<string, string>>}
 */
const MEANINGS = {
  straights: {
    pagat: "straights from A2345 to 10JQKA",
    linear: "straights from 34567 to JQKA2",
    no2: "no 2 in straights",
    wide: "straights from A2345 to JQKA2",
    taiwan: "23456 is the highest straight",
  },
  low_straight_key: { two: "low straights count by their 2", bottom: "low straights count by their 5 or 6" },
  flush_order: { rank: "flushes by rank first", suit: "flushes by suit first" },
  sf_order: { suit: "straight flushes by suit first", rank: "straight flushes by rank first" },
  triples: { false: "no triples alone", true: "triples alone" },
  four_cards: { quads4: "four of a kind alone", twopair_quads4: "two pairs, and four of a kind alone" },
  quads_bomb: { any: "four of a kind beats anything", no: "four of a kind is no bomb" },
  five_cross: { same_kind: "five cards only by their own kind", yes: "a better kind of five beats" },
  first_lead: { winner_leads: "the winner leads the next deal", lowest_every_deal: "the lowest card leads each deal" },
  pass_rule: { locked: "who passes is out of the trick", free: "who passes may come back" },
  play_on: { true: "played on until one is left", false: "over as soon as one is out" },
  dragon: { true: "a hand of thirteen ranks wins", false: "no dragon" },
  scoring: {
    classic: "classic costs",
    simple: "a point a card",
    tendouble: "double from ten cards",
    hk4: "up to four times a card",
    nodebot: "double from five cards",
  },
  settle: { penalty: "penalty points", pairwise: "each pays each", zero_sum: "losers pay the winner" },
  twos_double: { true: "each 2 left doubles", false: "a 2 left costs no more" },
  top_two_doubles: { true: "the top 2 left doubles", false: "the top 2 costs no more" },
  finish_doubles: { true: "a grand finish doubles", false: "no grand finish" },
};

/** @param {Plain} options those of a room, as they were given @returns {string[]} */
export function optionsInWords(options) {
  const { preset = "pagat", turn_seconds, level = "planner", target, suits, players } = options;
  const words = [PRESETS[preset] ?? preset, `${turn_seconds ?? 30} s a turn`, LEVELS[level] ?? level];
  words.push(target ? `until somebody has won or lost ${target} points` : "one deal");
  if (players) words.unshift(`${players} players`);
  if (suits) words.push(`suits ${[...suits].map((suit) => SYMBOLS[suit] ?? suit).join(" ")}`);
  for (const [name, meanings] of Object.entries(MEANINGS)) {
    const meaning = meanings[String(options[name])];
    if (meaning) words.push(meaning);
  }
  return words;
}

/** @type {Record<string, string>} */
const SYMBOLS = { S: "♠", H: "♥", C: "♣", D: "♦" };
