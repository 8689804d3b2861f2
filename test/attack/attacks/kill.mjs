import { acknowledged, copyOfBase, prepareBase } from '../lib/base.mjs'
import { sumOf } from '../lib/harness.mjs'

export default {
  name: 'kill',
  tries:
    'kills writers, readers and builders of graphs at random moments; all that was acknowledged is there, and others go on',
  allowed: [],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const data = copyOfBase(prepared, folder)
    const { seed } = random
    const roles = ['writer', 'writer', random.pick(['reader', 'crowd']), 'builder'].slice(
      0,
      random.between(1, 4),
    )
    const started = roles.map((role, i) =>
      children.start('busy', { folder: data, role, name: `w${i}`, seed }),
    )
    await Promise.all(started.map((child) => child.told('ready')))
    const endings = await Promise.all(started.map((child) => child.killAfter(random.next() * 600)))
    const writers = {}
    for (const [i, role] of roles.entries()) {
      if (role === 'writer') Object.assign(writers, acknowledged(endings[i], [`w${i}`]))
    }
    const verified = await children.run('verify', { folder: data, seed, writers })
    return sumOf(...endings.map(killed), verified.outcomes())
  },
}

/** What was to be killed has not ended before by itself. */
function killed(ending) {
  if (ending.signal === 'SIGKILL' && !ending.hangs) return { counts: { ok: 1 } }
  return ending.outcomes('killed')
}
