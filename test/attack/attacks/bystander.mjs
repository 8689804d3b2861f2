import { copyOfBase, prepareBase } from '../lib/base.mjs'
import { sumOf } from '../lib/harness.mjs'

const BYSTANDERS = ['w0', 'w1']
const VICTIMS = 10
/** So many victims write at once. */
const LANES = 2

export default {
  name: 'bystander',
  tries:
    'kills one writer after another amid its commits, beside writers that go on; these are neither disturbed nor lose anything',
  allowed: [],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const { seed } = random
    const data = copyOfBase(prepared, folder)
    const bystanders = BYSTANDERS.map((name) => children.start('bystander', { folder: data, name }))
    await Promise.all(bystanders.map((child) => child.told('ready')))
    const waits = Array.from({ length: VICTIMS }, () => random.between(0, 60))
    const lane = async (first) => {
      const endings = []
      for (let i = first; i < VICTIMS; i += LANES) {
        const victim = children.start('busy', { folder: data, role: 'crowd', name: `victim${i}`, seed })
        await victim.told('ready')
        endings.push(await victim.killAfter(waits[i]))
      }
      return endings
    }
    const victims = await Promise.all(Array.from({ length: LANES }, (_, i) => lane(i)))
    for (const child of bystanders) child.say('stop')
    const endings = await Promise.all(bystanders.map((child) => child.ended))
    const verified = await children.run('verify', { folder: data, seed, writers: {} })
    return sumOf(
      ...victims.flat().map(killed),
      ...endings.map((ending) => ending.outcomes()),
      verified.outcomes(),
    )
  },
}

function killed(ending) {
  return ending.signal === 'SIGKILL' && !ending.hangs ? { counts: { ok: 1 } } : ending.outcomes('killed')
}
