// A `sunsweep dev` of our own, a merchant's program that orders, and a receiver of its callbacks.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

/**
 * Starts `sunsweep dev` and resolves when it takes orders. With `data`, a directory, the world is kept
 * there; starting it again with the same `listen` goes on where it was. `through` are the words of a
 * program that starts it.
 */
export async function startWorld(binary, options = {}) {
  const { data, addresses = 40, blockTimeMs = 500, listen = "127.0.0.1:0", through = [] } = options;
  const flags = ["dev", "--json", "--listen", listen, "--node-listen", "127.0.0.1:0"];
  flags.push("--block-time-ms", String(blockTimeMs), "--addresses", String(addresses));
  if (data !== undefined) flags.push("--data", data);
  const [program, ...words] = [...through, binary, ...flags];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  const ended = exited.then(([code]) => { throw new Error(`sunsweep dev ended with ${code}`); });
  ended.catch(() => {});
  const [line] = await Promise.race([once(lines, "line"), ended]);
  return {
    ...JSON.parse(line),
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/**
 * Listens for callbacks and answers with this text; `next` resolves with the first one that was not
 * taken yet.
 */
export async function startReceiver(text = "<b>taken</b>") {
  const posts = [];
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    posts.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.end(text);
    wake();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/callback`,
    async next() {
      while (posts.length === 0) await new Promise((resolve) => { wake = resolve; });
      return posts.shift();
    },
    /** How many posts came that were not taken yet. */
    waiting: () => posts.length,
    stop: () => server.close(),
  };
}

/** Places an order as a merchant's program does; resolves with what is answered. */
export function order(world, number, more = {}) {
  return post(world, "order/collect-manual", {
    scene: 0,
    receive_address: world.payment_addresses[number].address,
    to_address: world.recipient_with_usdt,
    ...more,
  });
}

/** Buys transfers for an address as a merchant's program does; resolves with what is answered. */
export function countPolicy(world, number, times) {
  const receiveAddress = world.payment_addresses[number].address;
  return post(world, "count-delegate-policy", { receive_address: receiveAddress, times });
}

async function post(world, path, wanted) {
  const body = JSON.stringify(wanted);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", world.api_secret).update(`${timestamp}&${body}`);
  const answer = await fetch(`${world.api_url}/api/v1/frontend/${path}`, {
    method: "POST",
    headers: {
      "API-KEY": world.api_key,
      TIMESTAMP: timestamp,
      SIGNATURE: signature.digest("hex"),
      "Content-Type": "application/json",
    },
    body,
  });
  const answered = await answer.json();
  if (!answer.ok) throw new Error(`${answer.status}: ${JSON.stringify(answered)}`);
  return answered;
}

/** What the interface for programs answers about an order to the owner of a key. */
export async function query(world, key, serial) {
  const url = `${world.api_url}/api/v1/frontend/order/query?serial=${serial}`;
  const answer = await fetch(url, { headers: { "API-KEY": key } });
  return answer.text();
}

/** A port of this machine that nobody listens on now. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
