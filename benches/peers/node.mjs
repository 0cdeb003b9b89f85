// What one would write with Node and no package: offer the mail to one SendGrid account after the other.
import { createServer } from 'node:http'

const { KEY, UPSTREAMS, PORT = '0', TIMEOUT_MS = '10000' } = process.env
const headers = { authorization: 'Bearer k', 'content-type': 'application/json' }

function sendgrid({ from, to, subject, text, html }) {
  const content = [{ type: 'text/plain', value: text }, { type: 'text/html', value: html }]
  const personalizations = [{ to: [{ email: to }] }]
  return JSON.stringify({ personalizations, from: { email: from }, subject, content: content.filter((part) => part.value) })
}

async function send(body) {
  for (const upstream of UPSTREAMS.split(',')) {
    try {
      const signal = AbortSignal.timeout(Number(TIMEOUT_MS))
      const response = await fetch(`${upstream}/v3/mail/send`, { method: 'POST', headers, body, signal })
      await response.arrayBuffer()
      if (response.ok) return true
      console.error(`${upstream}: ${response.status}`)
    } catch (error) {
      console.error(`${upstream}: ${error}`)
    }
  }
  return false
}

const server = createServer(async (request, response) => {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  if (request.headers['x-api-key'] !== KEY) return response.writeHead(401).end()
  const sent = await send(sendgrid(JSON.parse(Buffer.concat(chunks))))
  response.writeHead(sent ? 200 : 502, { 'content-type': 'application/json' }).end(JSON.stringify({ sent }))
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`))
