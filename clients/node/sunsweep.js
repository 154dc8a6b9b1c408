'use strict';
// A merchant's view of sunsweep: place collect orders, query them, verify callbacks.

const crypto = require('crypto');
const axios = require('axios');

// How far a callback's TIMESTAMP may lie from our clock, in either direction.
const WINDOW_SECS = 300;

/** The server answered, and the answer is no. `answer` is its JSON object. */
class Refused extends Error {
  constructor(status, answer) {
    super(`refused with HTTP ${status}: ${JSON.stringify(answer)}`);
    this.status = status;
    this.answer = answer;
  }
}

/** The callback must not be believed; the message says why. */
class BadCallback extends Error {}

/** Sorted, compact, ASCII JSON of a flat object: the one form that is signed. */
function canonical(fields) {
  // Not JSON.stringify(fields, keys): its second argument filters at every depth.
  const sorted = Object.keys(fields).sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(fields[name])}`);
  return `{${sorted.join(',')}}`.replace(/[\u0080-\uffff]/g,
    (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

/** Lower-case hex HMAC-SHA256; the secret is used as text, not decoded. */
function sign(secret, timestamp, body) {
  return crypto.createHmac('sha256', secret).update(`${timestamp}&${body}`).digest('hex');
}

/** One merchant key at one server. `timeoutMs` bounds each call. */
class Sunsweep {
  constructor(url, key, secret = '', timeoutMs = 30000) {
    this.key = key;
    this.secret = secret;
    this.http = axios.create({
      baseURL: url.replace(/\/+$/, '') + '/api/v1/frontend',
      timeout: timeoutMs,
      maxRedirects: 0,
      validateStatus: () => true,
    });
  }

  /** Order what `receiveAddress` lacks for one USDT transfer. Resolves to the answer. */
  async collect({ receiveAddress, toAddress, callbackUrl, outTradeNo, scene = 0 }) {
    const fields = {
      scene,
      receive_address: receiveAddress,
      to_address: toAddress,
      callback_url: callbackUrl,
      out_trade_no: outTradeNo,
    };
    for (const name of Object.keys(fields)) {
      if (fields[name] === undefined) delete fields[name];
    }
    const body = canonical(fields);
    const timestamp = Math.floor(Date.now() / 1000).toString();
    return accepted(await this.http.post('/order/collect-manual', body, {
      headers: {
        'API-KEY': this.key,
        TIMESTAMP: timestamp,
        SIGNATURE: sign(this.secret, timestamp, body),
        'Content-Type': 'application/json',
      },
    }));
  }

  /** One order by its serial, or the newest one with this reference. */
  async query({ serial, outTradeNo }) {
    const params = serial ? { serial } : { out_trade_no: outTradeNo };
    return accepted(await this.http.get('/order/query', {
      params,
      headers: { 'API-KEY': this.key },
    }));
  }
}

/** The answer if it is a yes. A yes is HTTP 200 *and* `errno` 0. */
function accepted(response) {
  const answer = response.data;
  if (response.status !== 200 || answer === null || answer.errno !== 0) {
    throw new Refused(response.status, answer);
  }
  return answer;
}

/**
 * The fields of a genuine, fresh callback; throws `BadCallback` for any other.
 *
 * `body` is the request's bytes. Remember the `serial` of what this returns: the same callback
 * comes again if our HTTP 200 got lost.
 */
function verifyCallback(secret, timestamp, signature, body, nowMs = Date.now()) {
  if (!/^[0-9]{1,10}$/.test(timestamp)) {
    throw new BadCallback('TIMESTAMP is not a number of seconds');
  }
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > WINDOW_SECS) {
    throw new BadCallback('TIMESTAMP is too far from our clock');
  }
  let fields;
  try {
    fields = JSON.parse(body);
  } catch {
    throw new BadCallback('the body is not JSON');
  }
  if (fields === null || typeof fields !== 'object' || typeof fields.serial !== 'string') {
    throw new BadCallback('the body is not a callback');
  }
  const wanted = Buffer.from(sign(secret, timestamp, canonical(fields)));
  const given = Buffer.from(signature.toLowerCase());
  // timingSafeEqual throws on unequal lengths; the length of a signature is no secret.
  if (wanted.length !== given.length || !crypto.timingSafeEqual(wanted, given)) {
    throw new BadCallback('SIGNATURE does not match');
  }
  return fields;
}

module.exports = { Sunsweep, Refused, BadCallback, canonical, sign, verifyCallback };
