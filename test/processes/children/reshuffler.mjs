// Moves records so that slots and ordinals are paired anew: node reshuffler.mjs <folder>
// The vector of id n is [n, 1]. It expects the ids below 1,000, each of which has the slot and ordinal of its number.
import { open } from 'skalar'

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i)
const records = (from, to) => range(from, to).map((id) => ({ id, vector: [id, 1] }))

const database = await open(process.argv[2])
const collection = await database.collection('c')
// Frees slots below 600, and takes new ones.
await collection.upsert(records(0, 600))
// Frees slots and ordinals from 600 on.
await collection.delete(range(600, 1000))
// Takes those slots, and leaves the new ones on top of the freed.
await collection.upsert(records(0, 600))
// Takes these, with the ordinals from 600 on.
await collection.upsert(records(5000, 5400))
await database.close()
