// Does one thing without end; given { folder, role, name, seed }.
import { open } from 'skalar'
import { DIMENSION } from '../lib/records.mjs'
import { ROLES } from '../lib/roles.mjs'
import { input, tell } from '../lib/tell.mjs'

const database = await open(input.folder, { threads: 2 })
const collection = await database.collection('c', { dimension: DIMENSION })
tell({ ready: true })
await ROLES[input.role]({ ...input, database, collection })
