'use strict';
// Command line around sunsweep.js; the same in every language, see ../README.md.

const http = require('http');
const { parseArgs } = require('util');
const { Sunsweep, Refused, canonical, verifyCallback } = require('./sunsweep.js');

const MAX_BODY_BYTES = 64 * 1024;
const READ_TIMEOUT_MS = 10000;

// Per verb: the options that must be given and those that may be.
const VERBS = {
  collect: [['url', 'key', 'secret', 'receive'], ['to', 'callback', 'reference', 'scene']],
  query: [['url', 'key'], ['serial', 'reference']],
  listen: [['port', 'secret', 'count'], ['max-seconds']],
};

function usage(why) {
  console.error(`client: ${why}; see clients/README.md`);
  process.exit(2);
}

function given(argv) {
  const [verb, ...rest] = argv;
  if (!Object.hasOwn(VERBS, verb ?? '')) usage('say collect, query or listen');
  const [required, optional] = VERBS[verb];
  const options = Object.fromEntries(
    [...required, ...optional].map((name) => [name, { type: 'string' }]));
  let values;
  try {
    values = parseArgs({ args: rest, options }).values;
  } catch (error) {
    usage(error.message);
  }
  values = { key: process.env.SUNSWEEP_API_KEY, secret: process.env.SUNSWEEP_API_SECRET, ...values };
  for (const name of required) {
    if (!values[name]) usage(`--${name} is missing`);
  }
  if (verb === 'query' && !values.serial === !values.reference) {
    usage('give --serial or --reference');
  }
  return { verb, ...values };
}

// Ends with an exit status: 0 after `count` callbacks, 1 on a bad one or when time is up.
function listen({ port, secret, count, 'max-seconds': maxSeconds = '300' }) {
  const seen = new Set();
  const finish = (failure) => {
    if (failure) console.error(`listen: ${failure}`);
    process.exitCode = failure ? 1 : 0;
    clearTimeout(timer);
    server.close();
    server.closeIdleConnections();
  };

  const server = http.createServer((request, response) => {
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) request.destroy();
      chunks.push(chunk);
    });
    request.on('end', () => {
      // Requests are not logged: their headers hold signatures.
      let fields;
      try {
        fields = verifyCallback(secret, request.headers.timestamp ?? '',
          request.headers.signature ?? '', Buffer.concat(chunks));
      } catch (error) {
        response.writeHead(401, { Connection: 'close' }).end(() => finish(error.message));
        return;
      }
      // The same serial again means that our 200 got lost: it was dealt with already.
      const isNew = !seen.has(fields.serial);
      seen.add(fields.serial);
      if (isNew) console.log(canonical(fields));
      response.writeHead(200, { Connection: 'close' }).end(() => {
        if (seen.size >= Number(count)) finish(null);
      });
    });
  });
  server.requestTimeout = READ_TIMEOUT_MS;
  const timer = setTimeout(
    () => finish(`only ${seen.size} of ${count} callbacks in ${maxSeconds} s`),
    Number(maxSeconds) * 1000);
  server.listen(Number(port), '127.0.0.1',
    () => console.error(`listening on 127.0.0.1:${server.address().port}`));
}

async function ask(values) {
  const client = new Sunsweep(values.url, values.key, values.secret);
  try {
    const answer = values.verb === 'collect'
      ? await client.collect({
        receiveAddress: values.receive,
        toAddress: values.to,
        callbackUrl: values.callback,
        outTradeNo: values.reference,
        scene: Number(values.scene ?? 0),
      })
      : await client.query({ serial: values.serial, outTradeNo: values.reference });
    console.log(JSON.stringify(answer));
  } catch (error) {
    if (error instanceof Refused) console.log(JSON.stringify(error.answer));
    console.error(error instanceof Refused ? error.message : `no answer: ${error.message}`);
    process.exitCode = 1;
  }
}

const values = given(process.argv.slice(2));
if (values.verb === 'listen') {
  listen(values);
} else {
  ask(values);
}
