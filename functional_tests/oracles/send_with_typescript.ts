// Sends three mails by openapi-fetch, with the types that openapi-typescript made: arguments are the URL and the API key.
// What to do after an answer follows from `delivery` alone, and so it is printed.

import createClient from "openapi-fetch";
import type { components, paths } from "./smsp.js";

type Schemas = components["schemas"];

declare const process: { argv: string[] };

// Without a case for each word of `delivery` it does not compile.
function advice(answer: Schemas["Receipt"] | Schemas["Queued"] | Schemas["Problem"]): string {
  switch (answer.delivery) {
    case "accepted":
      return "done";
    case "none":
      return "retryable" in answer && answer.retryable ? "repeat" : "correct it";
    case "unknown":
      return "look it up";
    case "queued":
      return "wait";
  }
}

const [baseUrl, key] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { "X-API-KEY": key } });
const mails: Schemas["Email"][] = [
  { from: "ada@example.org", to: ["charles@example.com"], subject: "Note G", text: "Hello." },
  { from: "nobody", to: "charles@example.com" },
  { from: "ada@example.org", to: "charles@example.com", subject: "timeout" },
];
for (const body of mails) {
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const signal = AbortSignal.timeout(20_000); // above SMSP_REQUEST_DEADLINE; the default is none
  try {
    const { data, error, response } = await client.POST("/email", { body, params, signal });
    const answer = data ?? error;
    // What a gateway says is none of the types, so there is no advice.
    console.log(response.status, answer.delivery, advice(answer) ?? "look it up");
  } catch {
    console.log("no answer from smsp: look it up");
  }
}
