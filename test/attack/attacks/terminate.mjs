import { acknowledged, copyOfBase, prepareBase } from '../lib/base.mjs'
import { sumOf } from '../lib/harness.mjs'

export default {
  name: 'terminate',
  tries:
    'terminates workers amid writes, queries, builds and close; the process goes on, and what was acknowledged is there',
  // What no guard can reach: docs/limits.md.
  allowed: [/^crash: SIGABRT$/, /^hang$/],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const data = copyOfBase(prepared, folder)
    const { seed } = random
    const roles = random.some([['writer'], ['reader'], ['builder'], ['crowd']], random.between(1, 3))
    const ms = Array.from({ length: 4 }, () => random.between(0, 250))
    const input = { folder: data, seed, roles, ms, closing: random.chance(0.3) }
    const ending = await children.run('terminate', input)
    const names = roles.some(([role]) => role === 'writer') ? ms.map((_, i) => `w${i}`) : []
    const writers = acknowledged(ending, names)
    const verified = await children.run('verify', { folder: data, seed, writers, torn: true })
    return sumOf(ending.outcomes(), verified.outcomes())
  },
}
