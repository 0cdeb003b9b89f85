// An outbox on pg-boss: `front` enqueues, `worker` sends. It polls, as by default: with its `useListenNotify` each COMMIT of
// the front waits for the one before, and it accepts a third. A batch is settled mail by mail.
import { PgBoss } from 'pg-boss'
import { deliver, front } from './node.mjs'

const boss = new PgBoss({ database: process.env.PGDATABASE, max: 20 })
boss.on('error', console.error)
await boss.start()
// A mail takes 10 s at most; what is active for longer than a minute is retried.
await boss.createQueue('mail', { expireInSeconds: 60, retryLimit: 10, retryDelay: 1, retryBackoff: true })

async function settle({ id, data }) {
  try {
    await deliver(data)
    return { id, status: 'completed' }
  } catch (error) {
    return { id, status: 'failed', output: { message: String(error) } }
  }
}

if (process.argv[2] === 'front') {
  front((mail) => boss.send('mail', mail))
} else {
  const batches = { batchSize: 50, localConcurrency: 4, burstWhenBatchFull: true, perJobResults: true }
  await boss.work('mail', { ...batches, pollingIntervalSeconds: 0.5 }, (jobs) => Promise.all(jobs.map(settle)))
  console.log('works')
}
