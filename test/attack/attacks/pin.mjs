import { copyOfBase, prepareBase } from '../lib/base.mjs'
import { sumOf } from '../lib/harness.mjs'

const ROUNDS = 120

/** What the file may grow to, in sizes that it had after some rounds: LMDB keeps pages for two transactions back. */
const GROWTH = 2.5

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
    const ending = await writer.ended
    const sizes = ending.messages.flatMap(({ bytes }) => bytes ?? [])
    const [early, late] = [sizes[15], sizes.at(-1)]
    if (late <= GROWTH * early) return sumOf(ending.outcomes(), { counts: { ok: 1 } })
    const growth = 'wrong: the file grew'
    return sumOf(ending.outcomes(), {
      counts: { [growth]: 1 },
      details: { [growth]: `${early} to ${late} bytes` },
    })
  },
}
