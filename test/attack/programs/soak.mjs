// One process of a soak, with actors in its main thread and in workers; given { folder, process, seed, seconds, workers }.
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Actor } from '../lib/actor.mjs'
import { input, Outcomes, tell } from '../lib/tell.mjs'

const { folder, process: name, seed, seconds, workers } = isMainThread ? input : workerData
const outcomes = new Outcomes()
const threads = isMainThread
  ? Array.from({ length: workers }, (_, i) => {
      return new Worker(new URL(import.meta.url), { workerData: { ...input, process: `${name}.${i}` } })
    })
  : []
const ends = threads.map((worker) => once(worker, 'message'))

const end = performance.now() + seconds * 1000
let told = 0
await new Actor(folder, name, seed, outcomes).run(() => {
  const now = performance.now()
  // A child that does not reach its end has told what it counted so far.
  if (now > told + 10_000) {
    told = now
    if (isMainThread) tell({ counts: outcomes.counts })
  }
  return now < end
})
if (isMainThread) {
  for (const [counts] of await Promise.all(ends)) {
    for (const [outcome, count] of Object.entries(counts))
      outcomes.counts[outcome] = (outcomes.counts[outcome] ?? 0) + count
  }
  outcomes.tell()
} else {
  parentPort.postMessage(outcomes.counts)
}
