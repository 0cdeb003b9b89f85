#!/usr/bin/env node
// Sends one message and acts on `delivery` and `retryable`. Needs Node 18 or newer, no package.
//
// Usage: SMSP_URL=http://localhost:8080 SMSP_API_KEY=... ./send.mjs message.json
// Exit status: 0 accepted, 3 not sent, 2 unknown (look the message up before you send it again).
// Any other status is a crash, and means unknown too.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const REPEATS = 3;
const LONGEST_PAUSE = 60; // seconds; a mail that is to be repeated later is given up
const { SMSP_URL, SMSP_API_KEY, SMSP_TIMEOUT = "25" } = process.env;
const requestId = randomUUID(); // finds the call in smsp's log
const body = await readFile(process.argv[2]);
const headers = {
  "Content-Type": "application/json",
  "X-API-KEY": SMSP_API_KEY,
  "Idempotency-Key": randomUUID(), // Every message has its own; a repeat has that of its first call.
  "X-Request-Id": requestId,
};

// The answer and its Retry-After; nothing where smsp gave none. A redirect is no answer of smsp.
async function post() {
  const signal = AbortSignal.timeout(Number(SMSP_TIMEOUT) * 1000); // above SMSP_REQUEST_DEADLINE and a store's times
  try {
    const response = await fetch(`${SMSP_URL}/email`, { method: "POST", headers, body, signal, redirect: "error" });
    return { answer: await response.json(), retryAfter: response.headers.get("Retry-After") };
  } catch (error) {
    console.error(`no answer from smsp: ${error.cause ?? error}`);
    return {};
  }
}

async function send(repeatsLeft) {
  const { answer, retryAfter } = await post();
  const { delivery, retryable, id, title, detail, errors, lookup } = answer ?? {};
  const pause = /^[0-9]+$/.test(retryAfter) ? Number(retryAfter) : 1; // also for a date
  if (delivery === "accepted" || delivery === "queued") {
    console.log(delivery, id);
    return 0;
  }
  if (delivery === "none" && retryable === true && repeatsLeft > 0 && pause <= LONGEST_PAUSE) {
    await sleep(pause * 1000);
    return send(repeatsLeft - 1);
  }
  if (delivery === "none") {
    console.error(`not sent: ${title}: ${detail} ${JSON.stringify(errors ?? [])}`);
    return 3;
  }
  // Also every answer that is not from smsp, such as a gateway's page.
  console.error(`unknown: request ${requestId}: ${JSON.stringify({ id, lookup })}`);
  return 2;
}

process.exitCode = await send(REPEATS);
