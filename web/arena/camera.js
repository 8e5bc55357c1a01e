// @ts-check
/**
 * Which part of the world the window shows: all of it where that is large enough to play, else what is around
 * one.
 */

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{width: number, height: number}} Size */
/** @typedef {{top: number, right: number, bottom: number, left: number}} Insets px that the controls cover */

const LEAST_SCALE = 0.62; // px per unit: an avatar is then as wide as a fingernail
const MOST_SEEN = { width: 1400, height: 900 }; // units of a large world: what is beyond is told more seldom
const LARGE = 2000; // units
const CATCH_UP = 9; // per second

export class Camera {
  x = 0;
  y = 0;
  scale = 1;
  #placed = false;

  /** The next frame starts where it looks, without a ride there. */
  jump() {
    this.#placed = false;
  }

  /**
   * @param {Size} window px
   * @param {Size} world units
   * @param {Insets} insets
   * @param {Point | null} focus
   * @param {number} seconds since the last time; Infinity for no ride
   */
  aim(window, world, insets, focus, seconds) {
    this.scale = scaleFor(window, world, insets);
    const at = focus ?? { x: world.width / 2, y: world.height / 2 };
    const [left, right, top, bottom] = [insets.left, insets.right, insets.top, insets.bottom];
    const x = this.#along(at.x, world.width, window.width, left, right);
    const y = this.#along(at.y, world.height, window.height, top, bottom);
    const part = this.#placed ? 1 - Math.exp(-CATCH_UP * seconds) : 1;
    this.x += (x - this.x) * part;
    this.y += (y - this.y) * part;
    this.#placed = true;
  }

  /**
   * Where a point of the world is in the window.
   * @param {Point} point
   * @param {Size} window
   * @returns {Point}
   */
  project({ x, y }, window) {
    return {
      x: (x - this.x) * this.scale + window.width / 2,
      y: (y - this.y) * this.scale + window.height / 2,
    };
  }

  /**
   * The middle of what is seen along one axis: the world's own where all fits, else the focus, without
   * looking further past the edges than the controls cover.
   * @param {number} focus units
   * @param {number} world units
   * @param {number} window px
   * @param {number} before px that are covered
   * @param {number} after px that are covered
   */
  #along(focus, world, window, before, after) {
    const [seen, low, high] = [window, before, after].map((px) => px / this.scale);
    if (world + low + high <= seen) return (world + high - low) / 2;
    return Math.min(Math.max(focus, seen / 2 - low), world + high - seen / 2);
  }
}

/** @param {Size} window @param {Size} world @param {Insets} insets */
function scaleFor(window, world, { top, right, bottom, left }) {
  const whole = Math.min(
    (window.width - left - right) / world.width,
    (window.height - top - bottom) / world.height,
  );
  const closer = Math.max(window.width / MOST_SEEN.width, window.height / MOST_SEEN.height);
  return Math.max(LEAST_SCALE, world.width > LARGE ? closer : whole);
}
