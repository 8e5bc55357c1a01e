// A server of a few lines, for tests of the library alone: it keeps what is sent, and says what it is told to.
class FakeSocket {
  static OPEN = 1;
  static all = [];
  readyState = 0;
  sent = [];

  constructor(url, protocol) {
    Object.assign(this, { url, protocol });
    FakeSocket.all.push(this);
  }

  static get newest() {
    return FakeSocket.all[FakeSocket.all.length - 1];
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(code) {
    this.readyState = 3;
    this.closedWith = code ?? 1005;
  }

  // What follows is the server's side.

  open() {
    this.readyState = 1;
    this.onopen();
    return this;
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
    return this;
  }

  welcome(session = "s", handled = 0, token = "t") {
    const games = { g: { title: "G", seats: [1, 4] } };
    return this.open().say({ op: "welcome", session, name: "ann", token, grace: 30, handled, games });
  }

  joined(v = 1, seq = 0, more = {}) {
    return this.say({
      op: "joined",
      room: "r",
      game: "g",
      seat: 0,
      tick: 1,
      v,
      seq,
      view: { n: v },
      rate: 20,
      ...more,
    });
  }

  pong() {
    for (const { op, t } of this.sent.splice(0)) if (op === "ping") this.say({ op: "pong", t, time: 0 });
    return this;
  }

  lose(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }

  said(op) {
    return this.sent.filter((message) => message.op === op);
  }
}

window.WebSocket = FakeSocket;
FakeSocket.all = [];
Math.random = () => 0;
let ahead = 0; // ms that a test has put the clock on
const now = performance.now.bind(performance);
performance.now = () => now() + ahead;
const items = new Map();
const storage = {
  getItem: (key) => items.get(key) ?? null,
  setItem: (key, value) => items.set(key, value),
  removeItem: (key) => items.delete(key),
};
const { connect } = await import("/gamesrv.js");
const start = (options = { name: "ann" }) => connect({ url: "ws://test/ws", storage, ...options });
const soon = () => new Promise((resolve) => setTimeout(resolve));
const tried = async (count) => {
  while (FakeSocket.all.length < count) await soon();
  return FakeSocket.newest;
};
const codes = (promises) =>
  Promise.all(
    promises.map((it) =>
      it.then(
        () => "fine",
        ({ code }) => code,
      ),
    ),
  );
