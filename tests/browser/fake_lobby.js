// A server for the lobby alone, there before the page is: it says what `house` holds, and keeps what is asked.
window.house = {
  games: { bigtwo: { title: "Big Two", seats: [2, 4] }, arena: { title: "Arena", seats: [1, 12] } },
  rooms: [],
  seat: null, // what `joined` tells right after the welcome
  refuse: {}, // the next message of an op
  sent: [],
  sockets: [],
  asked: (op) => house.sent.filter((message) => message.op === op),
  tell: (message) => house.sockets[house.sockets.length - 1].say(message),
};
Object.assign(house, window.furnish ?? {});

window.WebSocket = class {
  static OPEN = 1;
  readyState = 0;

  constructor() {
    house.sockets.push(this);
    if (!house.down) queueMicrotask(() => this.#open());
  }

  #open() {
    this.readyState = 1;
    this.onopen?.();
  }

  close(code) {
    this.readyState = 3;
    this.closedWith = code;
  }

  say(message) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  lose(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }

  send(text) {
    const message = JSON.parse(text);
    house.sent.push(message);
    const refused = house.refuse[message.op];
    delete house.refuse[message.op];
    queueMicrotask(() => {
      if (refused) this.say({ op: "refused", path: null, id: null, ...refused });
      else this.#answer(message);
    });
  }

  #answer({ op, t, name, live }) {
    if (op === "ping") this.say({ op: "pong", t, time: 0 });
    else if (op === "hello") this.#welcome(name ?? "Ann");
    else if (op === "rooms") this.say({ op: "rooms", rooms: house.rooms, live });
    else if (op === "leave") this.say({ op: "left" });
  }

  #welcome(name) {
    const { games, seat } = house;
    this.say({ op: "welcome", session: name, name, token: name, grace: 30, handled: 0, version: 1, games });
    if (seat) this.say({ op: "joined", tick: 0, v: 1, view: {}, seq: 0, seat: 0, state: "playing", ...seat });
  }
};
