// Sends three mails by openapi-fetch, with the types that openapi-typescript made: arguments are the URL and the API key.
// What to do after an answer follows from `delivery` alone, and so it is printed.

import createClient from "openapi-fetch";
import type { components, paths } from "./smsp.js";

type Schemas = components["schemas"];

declare const process: { argv: string[] };

// Without a case for each word of `delivery` it does not compile.
function advice(answer: Schemas["Receipt"] | Schemas["Problem"]): string {
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
  const { data, error, response } = await client.POST("/email", { body });
  const answer = data ?? error;
  console.log(response.status, answer.delivery, advice(answer));
}
