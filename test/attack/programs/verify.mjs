// Verifies a database after its writers have ended; given { folder, seed, writers, base, torn }: see lib/verify.mjs.
import { open } from 'skalar'
import { DIMENSION } from '../lib/records.mjs'
import { input, Outcomes } from '../lib/tell.mjs'
import { verify, verifyWritable } from '../lib/verify.mjs'

const outcomes = new Outcomes()
const database = await open(input.folder)
await verifyWritable(database, outcomes)
const collection = await database.collection('c', { dimension: DIMENSION })
await verify(collection, input, outcomes)
await database.close()
outcomes.tell()
