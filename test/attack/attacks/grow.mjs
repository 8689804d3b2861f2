import { join } from 'node:path'
import { sumOf } from '../lib/harness.mjs'

export default {
  name: 'grow',
  tries:
    'lets threads of two processes make a new database grow fast while they read it: what is mapped changes under all of them',
  allowed: [],
  async round({ random, folder, children }) {
    const input = { folder: join(folder, 'data'), seed: random.seed, megabytes: random.pick([2, 8]) }
    const endings = await Promise.all([
      children.run('grow', { ...input, name: 'a', workers: 2 }),
      children.run('grow', { ...input, name: 'b', workers: 1 }),
    ])
    return sumOf(...endings.map((ending) => ending.outcomes()))
  },
}
