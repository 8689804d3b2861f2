// The built package. By path, because bench/ is a package of its own.
import { open } from '../../dist/index.js'
import { batches } from './data.mjs'

/** Runs `task` with a collection in `folder`, made when it is not there, and closes the database. */
export async function withCollection(folder, dimension, task, options) {
  const db = await open(folder, options)
  try {
    return await task(await db.collection('bench', { dimension, index: { engine: 'flat' } }), db)
  } finally {
    await db.close()
  }
}

export async function fill(collection, records) {
  for (const batch of batches(records, 1_000)) await collection.upsert(batch)
}
