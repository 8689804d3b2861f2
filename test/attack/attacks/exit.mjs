import { acknowledged, copyOfBase, prepareBase } from '../lib/base.mjs'
import { named, sumOf } from '../lib/harness.mjs'

/** Each way to end, with the exit code that it is to have. */
const WAYS = [
  ['exit', 7],
  ['throw', 1],
  ['reject', 1],
  ['signal', 7],
  ['exit in a transaction', 7],
  ['exit in a microtask of a transaction', 7],
  ['exit right behind a write', 7],
  ['exit while closing', 7],
  ['close', 7],
  ['exit of a worker', 7],
]

const ROLES = [
  ['writer', 'crowd'],
  ['crowd', 'crowd'],
  ['writer', 'writer', 'reader'],
  ['reader', 'builder'],
  ['writer', 'builder', 'crowd', 'reader'],
]

export default {
  name: 'exit',
  tries:
    'ends a process in ten ways amid writes, queries and builds; the exit code is right, and what was acknowledged is there',
  allowed: [],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const data = copyOfBase(prepared, folder)
    const { seed } = random
    const [way, code] = WAYS[seed % WAYS.length]
    const roles = random.pick(ROLES)
    const ms = random.between(0, 300)
    const ending = await children.run('exit', { folder: data, seed, way, roles, ms }, { bound: 25_000 })
    const names = roles.flatMap((role, i) => (role === 'writer' ? [`w${i}`] : []))
    const verified = await children.run('verify', {
      folder: data,
      seed,
      writers: acknowledged(ending, names),
    })
    return sumOf(named(way, ending.outcomes(code)), verified.outcomes())
  },
}
