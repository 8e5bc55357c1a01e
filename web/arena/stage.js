// @ts-check
/** The canvas: sixty times a second it shows what the interpolation says. */

import { Camera } from "./camera.js";
import { Court } from "./court.js";
import { Effects } from "./effects.js";
import { paintAvatar, paintGem, paintName, paintOwnMark } from "./figures.js";
import { Interpolation } from "./interpolation.js";

/** @typedef {import("./interpolation.js").Scene} Scene */
/** @typedef {import("./interpolation.js").Avatar} Avatar */
/** @typedef {import("./figures.js").Moment} Moment */
/** @typedef {import("./figures.js").Point} Point */
/** @typedef {import("./camera.js").Insets} Insets */
/** @typedef {import("./camera.js").Size} Size */
/** @typedef {{seat: number | null, rate: number, tick: number, view: Record<string, any>}} Room */

const MOST_PIXEL_RATIO = 2.5;
const GAZE_PACE = 12; // per second
const APPEAR = 260; // ms that a gem takes to appear
const ASIDE = 160; // units from what stands somewhere to the end of its name

export class Stage {
  /** @type {Scene | null} what was drawn last */ scene = null;
  /** @type {Insets} */ insets = { top: 0, right: 0, bottom: 0, left: 0 };
  /** @type {Point} where the own avatar is told to go: it looks there at once */ intent = { x: 0, y: 0 };
  /** @type {Point | null} px; what those who stand still look at */ attraction = null;
  /**
   * @type {((ctx: CanvasRenderingContext2D, camera: Camera, window: Size) => void) | null} painted on the
   * floor
   */
  decoration = null;
  effects = new Effects();
  camera = new Camera();
  /** how much of the own dash is back, 0 to 1 */ ready = 1;
  /** frames drawn since the page was loaded */ frames = 0;
  /** @type {((scene: Scene, own: Avatar | null) => void)[]} called after each frame */ watchers = [];

  #court = new Court();
  #canvas;
  #ctx;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #interpolation = new Interpolation(1);
  /** @type {string | null} */ #seat = null;
  /** @type {Map<string, Point>} */ #gazes = new Map();
  /** @type {Map<string, number>} when a gem was first drawn */ #appeared = new Map();
  /** @type {Size} px */ #size = { width: 1, height: 1 };
  /** @type {number | null} tick */ #dashedAt = null;
  #resized = true;
  #lastNow = 0;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.#canvas = canvas;
    this.#ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));
    new ResizeObserver(() => void (this.#resized = true)).observe(canvas);
    requestAnimationFrame((now) => this.#frame(now));
  }

  /** How far behind the newest state the picture is, ms. */
  get delay() {
    return this.#interpolation.playhead.delay;
  }

  /** Shows a room from its snapshot on. @param {Room} room */
  enter(room) {
    this.#interpolation = new Interpolation(room.rate || 1);
    this.#seat = room.seat === null ? null : String(room.seat);
    this.#appeared.clear();
    this.effects.clear();
    this.camera.jump();
    this.show(room);
  }

  /** Takes a newer state. @param {Room} room */
  show(room) {
    this.#interpolation.push(room.tick, room.view, performance.now());
  }

  /** Right before it is painted, for a canvas that gets another size is empty. */
  #fit() {
    this.#resized = false;
    const ratio = Math.min(devicePixelRatio, MOST_PIXEL_RATIO);
    this.#size = { width: this.#canvas.clientWidth, height: this.#canvas.clientHeight };
    this.#canvas.width = Math.round(this.#size.width * ratio);
    this.#canvas.height = Math.round(this.#size.height * ratio);
    this.camera.jump();
  }

  /** @param {number} now */
  #frame(now) {
    requestAnimationFrame((next) => this.#frame(next));
    if (!this.#interpolation.newest) return;
    if (this.#resized) this.#fit();
    const seconds = (now - this.#lastNow) / 1000;
    this.#lastNow = now;
    const { tick, scene } = this.#interpolation.sample(performance.now());
    const own = scene.avatars.find(({ seat }) => seat === this.#seat) ?? null;
    this.camera.aim(this.#size, scene, this.insets, own, this.#calm.matches ? Infinity : seconds);
    this.#look(scene.avatars, seconds);
    this.ready = this.#readiness(own?.dash, tick);
    this.#paint(scene, own, tick, { now, calm: this.#calm.matches, scale: this.camera.scale });
    this.scene = scene;
    this.frames += 1;
    for (const watch of this.watchers) watch(scene, own);
  }

  /** @param {Scene} scene @param {Avatar | null} own @param {number} tick @param {Moment} moment */
  #paint(scene, own, tick, moment) {
    const ctx = this.#ctx;
    this.#toWorld(ctx, scene);
    this.decoration?.(ctx, this.camera, this.#size);
    const inSight = this.#inSight();
    for (const gem of scene.gems.filter(inSight)) paintGem(ctx, gem, this.#grown(gem.id, moment), moment);
    this.#forget(
      this.#appeared,
      scene.gems.map(({ id }) => id),
    );
    const avatars = scene.avatars.filter(inSight);
    for (const avatar of avatars) if (avatar !== own) this.#paintAvatar(ctx, avatar, moment);
    if (own) {
      paintOwnMark(ctx, own, this.ready, moment);
      this.#paintAvatar(ctx, own, moment);
    }
    for (const avatar of avatars) paintName(ctx, avatar, avatar === own, moment);
    this.effects.paint(ctx, tick, moment);
  }

  /** The part of the world in the window, in its units. @returns {{x: number, y: number} & Size} */
  get window() {
    const [width, height] = [this.#size.width / this.camera.scale, this.#size.height / this.camera.scale];
    return { x: this.camera.x - width / 2, y: this.camera.y - height / 2, width, height };
  }

  /** Tells what can be seen of it, with all that hangs about it. */
  #inSight() {
    const { x, y, width, height } = this.window;
    /** @param {Point} point */
    return (point) =>
      point.x > x - ASIDE && point.x < x + width + ASIDE && point.y > y - ASIDE && point.y < y + height + ASIDE;
  }

  /**
   * Paints the ground, and goes over to units of the world.
   * @param {CanvasRenderingContext2D} ctx
   * @param {Size} world
   */
  #toWorld(ctx, world) {
    const zoom = (this.camera.scale * this.#canvas.width) / Math.max(1, this.#size.width);
    const x = Math.round(this.#canvas.width / 2 - this.camera.x * zoom);
    const y = Math.round(this.#canvas.height / 2 - this.camera.y * zoom);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    this.#court.paint(ctx, world, zoom, x, y);
    ctx.setTransform(zoom, 0, 0, zoom, x, y);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Avatar} avatar @param {Moment} moment */
  #paintAvatar(ctx, avatar, moment) {
    paintAvatar(ctx, avatar, this.#gazes.get(avatar.seat) ?? { x: 0, y: 0 }, moment);
  }

  /**
   * The view tells the whole cooldown while it lasts, not what is left of it.
   * @param {any} dash
   * @param {number} tick
   */
  #readiness(dash, tick) {
    if (!(dash > 0)) this.#dashedAt = null;
    else this.#dashedAt ??= tick;
    return this.#dashedAt === null ? 1 : Math.min(1, (tick - this.#dashedAt) / dash);
  }

  /** Turns the eyes to where each goes. @param {Avatar[]} avatars @param {number} seconds */
  #look(avatars, seconds) {
    const part = 1 - Math.exp(-GAZE_PACE * seconds);
    for (const avatar of avatars) {
      const { seat } = avatar;
      const to = seat === this.#seat ? this.intent : this.#aim(avatar);
      const from = this.#gazes.get(seat) ?? to;
      this.#gazes.set(seat, { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part });
    }
    this.#forget(
      this.#gazes,
      avatars.map(({ seat }) => seat),
    );
  }

  /** @param {Avatar} avatar @returns {Point} */
  #aim({ x, y, vx, vy }) {
    if (!this.attraction) return direction(vx, vy);
    const here = this.camera.project({ x, y }, this.#size);
    return direction(this.attraction.x - here.x, this.attraction.y - here.y);
  }

  /** @param {string} id @param {Moment} moment */
  #grown(id, { now, calm }) {
    const since = this.#appeared.get(id) ?? now;
    this.#appeared.set(id, since);
    return calm ? 1 : Math.min(1, (now - since) / APPEAR);
  }

  /** Drops what is no longer there. @param {Map<string, any>} known @param {string[]} here */
  #forget(known, here) {
    if (known.size === here.length) return;
    const kept = new Set(here);
    for (const id of known.keys()) if (!kept.has(id)) known.delete(id);
  }
}

/** @param {number} vx @param {number} vy @returns {Point} of length 1, or 0 */
function direction(vx, vy) {
  const speed = Math.hypot(vx, vy);
  return speed < 0.5 ? { x: 0, y: 0 } : { x: vx / speed, y: vy / speed };
}
