// An outbox on graphile-worker: `front` enqueues, `worker` sends, with the settings of its page on performance.
import { makeWorkerUtils, run } from 'graphile-worker'
import { deliver, front } from './node.mjs'

const worker = { concurrentJobs: 24, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }

if (process.argv[2] === 'front') {
  const utils = await makeWorkerUtils({ maxPoolSize: 20 })
  await utils.migrate()
  front(async (mail) => (await utils.addJob('mail', mail)).id)
} else {
  await run({ taskList: { mail: deliver }, preset: { worker } })
  console.log('works')
}
