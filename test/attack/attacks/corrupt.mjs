import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { copyOfBase, prepareBase } from '../lib/base.mjs'
import { DAMAGE, filesBelow, WITHIN } from '../lib/damage.mjs'
import { named, sumOf } from '../lib/harness.mjs'
import { asUser, giveToUser, MAY_CHANGE_USER } from '../lib/rights.mjs'

/** Of the base, and of its older copy. */
const SIZES = [2_500, 2_400]

/** A prime: rounds that follow upon each other meet all cases, and soon some of each file. */
const STRIDE = 7_919

export default {
  name: 'corrupt',
  tries:
    'damages each file of a database in each of eleven ways; using it gives coded errors or right answers',
  allowed: [
    /^refused: (CORRUPTED|NOT_A_DATABASE|STORAGE|UNSUPPORTED_VERSION|NOT_FOUND)$/,
    // LMDB's own pages have no checksums: docs/limits.md. Rows have, so that what is read is right.
    new RegExp(
      `^data\\.mdb (${WITHIN.join('|')}): (lost|crash|hang|wrong: (number|not the nearest|recall|size))`,
    ),
  ],
  async prepare(context) {
    const prepared = await prepareBase(context)
    const kinds = Object.keys(DAMAGE).filter((kind) => kind !== 'unreadable' || MAY_CHANGE_USER)
    const cases = filesBelow(prepared.base).flatMap((file) => kinds.map((kind) => ({ file, kind })))
    return { ...prepared, cases }
  },
  async round({ random, folder, children, prepared }) {
    const { file, kind } = prepared.cases[(random.seed * STRIDE) % prepared.cases.length]
    const data = copyOfBase(prepared, folder)
    DAMAGE[kind](join(data, file), olderOf(prepared.older, file), random)
    if (kind === 'unreadable') giveToUser(folder)
    const options = { bound: 30_000, wrap: kind === 'unreadable' ? asUser() : [] }
    const sizes = file === 'data.mdb' && kind === 'older' ? SIZES.slice(1) : SIZES.slice(0, 1)
    const derived = file !== 'data.mdb'
    const input = { folder: data, seed: random.seed, readOnly: random.chance(0.3), sizes, derived }
    const first = await children.run('use', input, options)
    const second = await children.run('use', { ...input, written: first.last('written') }, options)
    return sumOf(...[first, second].map((ending) => named(`${kindOf(file)} ${kind}`, ending.outcomes())))
  },
}

/** The same file in the older copy; graphs have names of their own there. */
function olderOf(older, file) {
  const path = join(older, file)
  if (existsSync(path)) return path
  const folder = dirname(path)
  return join(
    folder,
    readdirSync(folder).find((name) => name.endsWith(kindOf(file).slice(1))),
  )
}

const kindOf = (file) => file.replace(/.*(\.graph|\.table|\.gen)$/, '*$1')
