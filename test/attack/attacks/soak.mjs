import { join } from 'node:path'
import { sumOf } from '../lib/harness.mjs'

export default {
  name: 'soak',
  tries:
    'two processes and a worker do everything at once on one folder, and hold every answer against models',
  allowed: [],
  /** One round is as long as the runner was told. */
  longRounds: 300,
  async round({ random, folder, children, seconds }) {
    const input = { folder: join(folder, 'data'), seed: random.seed, seconds }
    const bound = seconds * 1000 + 120_000
    const endings = await Promise.all([
      children.run('soak', { ...input, process: 'a', workers: 1 }, { bound }),
      children.run('soak', { ...input, process: 'b', workers: 0 }, { bound }),
    ])
    return sumOf(...endings.map((ending) => ending.outcomes()))
  },
}
