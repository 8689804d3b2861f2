// Opens and closes until it is told to stop; given { folder }.
import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { open } from 'skalar'
import { input, Outcomes, tell } from '../lib/tell.mjs'

const { folder } = input
const outcomes = new Outcomes()
let going = true
tell({ ready: true })
void once(process.stdin, 'data').then(() => {
  going = false
})
while (going) {
  await outcomes.try(async () => (await open(folder, { threads: 1 })).close(), 'open')
  // Otherwise it would not hear that it is to stop.
  await nextTurn()
}
outcomes.tell()
process.exit(0)
