import { copyOfBase, prepareBase } from '../lib/base.mjs'
import { sumOf } from '../lib/harness.mjs'

/** Once all readers are dead. */
const ROUNDS = 60

/** What the file may grow to in these, in sizes that it had before: LMDB keeps pages for two transactions back. */
const GROWTH = 1.5

export default {
  name: 'pin',
  tries: 'kills readers while a writer goes on; the file does not grow for the sake of the dead',
  allowed: [],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const data = copyOfBase(prepared, folder)
    const writer = children.start('rewrite', { folder: data, rounds: ROUNDS })
    await writer.told('bytes')
    for (let i = 0; i < 3; i++) {
      const reader = children.start('busy', { folder: data, role: 'reader', seed: random.seed })
      await reader.told('ready')
      await reader.killAfter(random.between(5, 100))
    }
    // Of readers that live, a machine with much to do may halt one for a while.
    const early = writer.last('bytes')
    writer.say('go on')
    const ending = await writer.ended
    const late = ending.last('bytes')
    if (late <= GROWTH * early) return sumOf(ending.outcomes(), { counts: { ok: 1 } })
    const growth = 'wrong: the file grew'
    return sumOf(ending.outcomes(), {
      counts: { [growth]: 1 },
      details: { [growth]: `${early} to ${late} bytes` },
    })
  },
}
