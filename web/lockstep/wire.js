// @ts-check
/** The bytes of a lockstep room: inputs one way, frames the other. `docs/protocol.md` tells what stands where. */

/**
 * Who comes and goes before a tick, then everyone's input in it. A change is a kind (0 join, 1 drop, 2 back,
 * 3 leave) and a seat.
 * @typedef {{changes: [number, number][], inputs: number[]}} Frame
 */
/**
 * @typedef {object} Frames
 * @property {number} run the snapshot that they go on from
 * @property {number} ack own inputs up to this tick are needed no more
 * @property {number | null} wait ms that own inputs came before their tick, the least; below 0: too late
 * @property {number} late how many of the own ticks the server had to fill in so far (mod 65536)
 * @property {number} start tick of the first frame
 * @property {Frame[]} frames
 */
/**
 * @typedef {object} Sync
 * @property {number} run
 * @property {number} ack every frame up to this tick is here
 * @property {number} start tick of the first input, 1 to 255 after `ack`
 * @property {number[]} inputs
 * @property {[number, number]} [checksum] a tick, and the checksum of the world after it
 */

export const MOST = 120; // frames or inputs in one message
export const MOST_AHEAD = 255; // ticks from `ack` to the first input

const SYNC = 1;
const SYNC_CHECKED = 0x81;
const FRAMES = 2;
const NO_WAIT = -32768;
const FRAMES_HEAD = 15;

/** @param {Sync} sync @param {number} bits of one input @returns {Uint8Array} */
export function encodeSync({ run, ack, start, inputs, checksum }, bits) {
  const out = new BitWriter();
  out.put(checksum ? SYNC_CHECKED : SYNC, 8);
  out.put(run, 8);
  out.put(ack, 32);
  for (const number of checksum ?? []) out.put(number, 32);
  out.put(inputs.length ? start - ack : 1, 8);
  out.put(inputs.length, 8);
  inputs.forEach((input, place) => {
    const same = place > 0 && input === inputs[place - 1];
    if (place > 0) out.put(same ? 0 : 1, 1);
    if (!same) out.put(input, bits);
  });
  return out.bytes();
}

/**
 * @param {Uint8Array} bytes
 * @param {number} bits of one input
 * @param {number} seats
 * @returns {Frames}
 * @throws {RangeError} where they are anything else
 */
export function decodeFrames(bytes, bits, seats) {
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = head.getUint8(FRAMES_HEAD - 1);
  if (head.getUint8(0) !== FRAMES || count > MOST) throw new RangeError("these are no frames");
  const reader = new BitReader(bytes.subarray(FRAMES_HEAD));
  /** @type {Frame[]} */
  const frames = [];
  for (let place = 0; place < count; place += 1)
    frames.push(readFrame(reader, bits, seats, frames[place - 1]));
  const wait = head.getInt16(6);
  return {
    run: head.getUint8(1),
    ack: head.getUint32(2),
    wait: wait === NO_WAIT ? null : wait,
    late: head.getUint16(8),
    start: head.getUint32(10),
    frames,
  };
}

/**
 * @param {BitReader} reader
 * @param {number} bits
 * @param {number} seats
 * @param {Frame | undefined} before
 * @returns {Frame}
 */
function readFrame(reader, bits, seats, before) {
  if (before && !reader.take(1)) return { changes: [], inputs: before.inputs };
  /** @type {[number, number][]} */
  const changes = [];
  while (reader.take(1)) changes.push([reader.take(2), reader.take(6)]);
  const inputs = [];
  for (let seat = 0; seat < seats; seat += 1) {
    inputs.push(before && !reader.take(1) ? before.inputs[seat] : reader.take(bits));
  }
  return { changes, inputs };
}

/** Most significant bits first; zeros fill up the last byte. */
class BitWriter {
  /** @type {number[]} */ #bytes = [];
  #free = 0; // bits of the last byte

  /** @param {number} value @param {number} count of its bits, up to 32 */
  put(value, count) {
    for (let left = count; left > 0;) {
      if (!this.#free) this.#free = this.#bytes.push(0) && 8;
      const taken = Math.min(left, this.#free);
      left -= taken;
      this.#free -= taken;
      const part = Math.floor(value / 2 ** left) % 2 ** taken;
      this.#bytes[this.#bytes.length - 1] |= part << this.#free;
    }
  }

  bytes() {
    return Uint8Array.from(this.#bytes);
  }
}

class BitReader {
  #bytes;
  #at = 0; // bits

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  /** @param {number} count up to 16 @returns {number} */
  take(count) {
    if (this.#at + count > 8 * this.#bytes.length) throw new RangeError("bits are missing");
    let value = 0;
    for (let bit = 0; bit < count; bit += 1, this.#at += 1) {
      value = (value << 1) | ((this.#bytes[this.#at >> 3] >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }
}
