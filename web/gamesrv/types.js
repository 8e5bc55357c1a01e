// @ts-check
/** What a client takes and tells, as types: `gamesrv.js` passes them on under the same names. */

/** @typedef {import("./memory.js").Store} Store */
/** @typedef {import("./requests.js").Refused} Refused */
/** @typedef {import("./room.js").GameEvent} GameEvent */
/** @typedef {import("./room.js").Room} Room */
/** @typedef {import("./rooms.js").RoomInfo} RoomInfo */
/** @typedef {{seats: [number, number], title: string}} GameInfo how many can play, and its name for people */
/** @typedef {{room: string, ticket: string, within: number}} Reservation of a seat, for that many seconds */

/**
 * @typedef {object} Options
 * @property {string} [url] of the WebSocket; by default `ws` beside the page
 * @property {string} [name] who one wants to be; needed unless there is a session to go on with
 * @property {string} [token] a session to go on with, from elsewhere
 * @property {Store} [storage] where the session is kept; by default the tab's sessionStorage
 */

/**
 * How the connection fares; times are those of `performance.now()`.
 * - `connecting`: a socket is being opened
 * - `online`: greeted. `resumed`: it is the session of before; if that has a seat, `joined` follows
 * - `waiting`: lost. The next try is at `at`; the seat is held until about `heldUntil` (0: there was none)
 * - `closed`: it does not come back by itself; `retry()` starts again
 * @typedef {{state: "connecting", attempt: number} | {state: "online", resumed: boolean}
 *   | {state: "waiting", attempt: number, at: number, heldUntil: number, code: number, reason: string}
 *   | {state: "closed", code: number, reason: string}} Status
 */

/**
 * What a client tells, by name.
 * @typedef {object} Events
 * @property {Status} status
 * @property {Room} joined a whole new view: at first, when a game begins, after a reconnect, or when the
 *   server finds it better
 * @property {Room} update the view has changed
 * @property {GameEvent} event something happened; the view already includes it
 * @property {Uint8Array} frames what goes into the next ticks of a lockstep room
 * @property {number} desync after this tick one's world was not the server's; `joined` follows and heals
 * @property {Refused} refused the server said no
 * @property {null} left the seat is given up, or was given away
 * @property {RoomInfo[]} rooms the public rooms, after `followRooms`: at first, and at each change
 * @property {number} latency round trip of the newest ping, ms
 */

export {};
