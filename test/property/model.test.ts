import fc from 'fast-check'
import { describe, it } from 'vitest'
import { checkQueries, checkReads, Versions } from './checks.ts'
import { type Command, commands, type Query } from './commands.ts'
import { World } from './world.ts'

const RUNS = 40

/** What reads ask for as long as no query has come. */
const NOTHING: Pick<Query, 'judged' | 'id'> = { judged: undefined, id: 0 }

async function follow(world: World, sequence: readonly Command[]): Promise<void> {
  const versions = [new Versions(), new Versions()]
  let query: Query | undefined
  for (const command of sequence) {
    if (command.kind === 'query') query = command
    else await world.run(command)
    if (command.kind === 'recreate') versions[command.on] = new Versions()
    for (const on of [0, 1] as const) {
      const handle = world.handles[on]
      const records = world.models[on]
      versions[on]!.check(handle, records)
      await checkReads(handle, records, query ?? NOTHING)
      if (query !== undefined) await checkQueries(handle, world.metric, records, query)
    }
  }
}

describe('a database of two collections', () => {
  for (const metric of ['cosine', 'dot', 'euclidean'] as const) {
    it(`equals a plain model after any sequence of calls (${metric})`, { timeout: 180_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(commands(metric), async (sequence) => {
          const world = await World.create(metric)
          try {
            // What was new in a transaction that came to nothing must not spoil what is read afterwards.
            await follow(world, [...sequence, { kind: 'reopen' }])
          } finally {
            await world.destroy()
          }
        }),
        { numRuns: RUNS, interruptAfterTimeLimit: 120_000 },
      )
    })
  }
})
