// What the queues in Node have in common: a front that accepts mail over HTTP, and the call of the provider.
import { createServer } from 'node:http'

const { KEY, PROVIDER, TIMEOUT_MS = '10000' } = process.env
const headers = { authorization: 'Bearer k', 'content-type': 'application/json' }

// POST /outbox: 202 once `enqueue` has committed.
export function front(enqueue) {
  const server = createServer(async (request, response) => {
    try {
      const chunks = []
      for await (const chunk of request) chunks.push(chunk)
      if (request.headers['x-api-key'] !== KEY) return response.writeHead(401, { 'content-length': 0 }).end()
      const id = await enqueue(JSON.parse(Buffer.concat(chunks)))
      const answer = JSON.stringify({ id })
      response.writeHead(202, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
    } catch (error) {
      console.error(error)
      response.writeHead(503, { 'content-length': 0 }).end()
    }
  })
  server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
}

export async function deliver({ from, to, subject, text, html }) {
  const content = [{ type: 'text/plain', value: text }, { type: 'text/html', value: html }]
  const personalizations = [{ to: [{ email: to }] }]
  const mail = { personalizations, from: { email: from }, subject, content: content.filter((part) => part.value) }
  const signal = AbortSignal.timeout(Number(TIMEOUT_MS))
  const response = await fetch(`${PROVIDER}/v3/mail/send`, { method: 'POST', headers, body: JSON.stringify(mail), signal })
  await response.arrayBuffer()
  if (!response.ok) throw new Error(`the provider answered ${response.status}`)
}
