import { setTimeout as sleep } from 'node:timers/promises'
import { operation, perform } from './history.mjs'
import { DIMENSION, recordOf, vectorOf } from './records.mjs'
import { tell } from './tell.mjs'

/** What a process or thread is busy with, without end; rejects when the database was closed. */
export const ROLES = {
  /** Tells of each operation that is acknowledged. */
  async writer({ database, collection, name, seed }) {
    for (let number = 0; ; number++) {
      await perform(database, collection, operation(seed, name, number))
      tell({ [`acknowledged ${name}`]: number + 1 })
    }
  },

  /** Has many writes under way, each of which follows upon one that ended. A writer of the same name has other ids. */
  async crowd({ collection, name }) {
    const write = async (i) => {
      for (let version = 0; ; version++)
        await collection.upsert(recordOf(`${name} crowd:${i}`, version, `${name} crowd`))
    }
    await Promise.all(Array.from({ length: 100 }, (_, i) => write(i)))
  },

  async reader({ collection }) {
    for (let i = 0; ; i++) {
      await collection.query({ vector: vectorOf('query', i), k: 10, filter: { group: i % 10 } })
      await collection.queryMany(Array.from({ length: 20 }, (_, j) => ({ vector: vectorOf('query', i + j) })))
      for await (const record of collection.records({ limit: 50 })) if (record.metadata === null) return
    }
  },

  /** Makes another collection large enough for a graph, which is linked and saved, and drops it. */
  async builder({ database, name }) {
    for (let round = 0; ; round++) {
      const other = await database.collection(`built ${name}`, { dimension: DIMENSION })
      await other.upsert(Array.from({ length: 4_000 }, (_, i) => recordOf(i, round, name)))
      while ((await other.stats()).pending > 0) await sleep(5)
      await sleep(100)
      if (round % 2 === 1) await database.drop(`built ${name}`)
    }
  },
}
