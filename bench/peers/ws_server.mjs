// ws on Node: node ws_server.mjs PORT SEATS
//
// It can't run rules that are written in Python. Its own are a good deal less: avatars on a field of the arena's
// size that go where they are told and stop at the edges; no gems, no dashing, no events. Updates look like the
// arena's: who moved, with the new place, encoded once per room and tick. With 0 seats nothing ticks, and
// everyone hears what they said.
// @ts-check
import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const RATE = 20;
const WIDTH = 1600, HEIGHT = 1000, STEP = 12;
const [port, seats] = process.argv.slice(2).map(Number);

/** @typedef {{x: number, y: number, dx: number, dy: number, socket: import("ws").WebSocket}} Avatar */

class Room {
  constructor() {
    /** @type {Map<number, Avatar>} */
    this.avatars = new Map();
    this.tick = 0;
    this.version = 0;
    this.due = performance.now();
    this.beat();
  }

  /** @param {import("ws").WebSocket} socket */
  join(socket) {
    let seat = 0;
    while (this.avatars.has(seat)) seat++;
    this.avatars.set(seat, {
      x: Math.floor(Math.random() * WIDTH), y: Math.floor(Math.random() * HEIGHT), dx: 0, dy: 0, socket,
    });
    return seat;
  }

  beat() {
    this.step();
    this.due = Math.max(this.due + 1000 / RATE, performance.now());
    setTimeout(() => this.beat(), this.due - performance.now());
  }

  step() {
    /** @type {Record<string, {x?: number, y?: number}>} */
    const moved = {};
    for (const [seat, avatar] of this.avatars) {
      const x = Math.min(Math.max(avatar.x + avatar.dx * STEP, 0), WIDTH);
      const y = Math.min(Math.max(avatar.y + avatar.dy * STEP, 0), HEIGHT);
      if (x !== avatar.x) (moved[seat] ??= {}).x = avatar.x = x;
      if (y !== avatar.y) (moved[seat] ??= {}).y = avatar.y = y;
    }
    this.tick++;
    if (Object.keys(moved).length) this.tell({ avatars: moved });
  }

  /** @param {object} delta */
  tell(delta) {
    const message = Buffer.from(JSON.stringify({ op: "update", tick: this.tick, v: ++this.version, delta }));
    for (const { socket } of this.avatars.values()) socket.send(message, { binary: false });
  }
}

/** @type {Room[]} */
const rooms = [];

function findRoom() {
  const last = rooms.at(-1);
  if (last && last.avatars.size < seats) return last;
  rooms.push(new Room());
  return rooms[rooms.length - 1];
}

/** @param {import("ws").WebSocket} socket */
function play(socket) {
  const room = findRoom();
  const seat = room.join(socket);
  socket.on("message", (data) => {
    const { args } = JSON.parse(String(data));
    const avatar = room.avatars.get(seat);
    if (avatar) [avatar.dx, avatar.dy] = [args.dx, args.dy];
  });
  socket.on("close", () => room.avatars.delete(seat));
}

/** @param {import("ws").WebSocket} socket */
function echo(socket) {
  socket.on("message", (data) => {
    JSON.parse(String(data));
    socket.send(data, { binary: false });
  });
}

const server = createServer((_, response) => response.end());
new WebSocketServer({ server, perMessageDeflate: false }).on("connection", seats ? play : echo);
server.listen({ port, host: "127.0.0.1", backlog: 512 });
