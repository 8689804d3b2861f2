import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sumOf } from '../lib/harness.mjs'

const OPENERS = 3
const MS = 5_000

export default {
  name: 'openers',
  tries:
    'opens and closes the folder without a pause, beside writers; these lose nothing, and are not disturbed',
  allowed: [],
  longRounds: 10,
  async round({ folder, children }) {
    // Of a small database, which is opened in little more than the moment that matters.
    const data = join(folder, 'data')
    const started = []
    const start = async (program, name) => {
      const child = children.start(program, { folder: data, name })
      started.push(child)
      await child.told('ready')
    }
    await start('bystander', 'w0')
    await start('bystander', 'w1')
    await Promise.all(Array.from({ length: OPENERS }, () => start('opener')))
    await sleep(MS)
    for (const child of started) child.say('stop')
    const endings = await Promise.all(started.map((child) => child.ended))
    return sumOf(...endings.map((ending) => ending.outcomes()))
  },
}
