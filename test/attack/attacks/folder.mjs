import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { acknowledged, copyOfBase, prepareBase } from '../lib/base.mjs'
import { named, sumOf } from '../lib/harness.mjs'

/** Records of the base under the folder's name after a game that put a copy of the base, or nothing, in its place. */
const COPY = 2_500
const NOTHING = 0

/**
 * What happens to a folder that two processes have open; where the data are afterwards that they had: `there`, under its
 * name, or `aside`; else they are gone, and `base` is what there is in their place.
 */
const GAMES = {
  removed: { play: (data) => rmSync(data, { recursive: true }), base: NOTHING },
  moved: { play: (data, aside) => renameSync(data, aside), where: 'aside', base: NOTHING },
  'replaced by a copy': {
    play(data, aside, { base }) {
      renameSync(data, aside)
      cpSync(base, data, { recursive: true })
    },
    where: 'aside',
    base: COPY,
  },
  'replaced by an empty one': {
    play(data, aside) {
      renameSync(data, aside)
      mkdirSync(data)
    },
    where: 'aside',
    base: NOTHING,
  },
  'replaced by a symbolic link to itself': {
    play(data, aside) {
      renameSync(data, aside)
      symlinkSync(aside, data)
    },
    where: 'there',
  },
  'moved away and back': {
    play(data, aside) {
      renameSync(data, aside)
      renameSync(aside, data)
    },
    where: 'there',
  },
  'data.mdb removed': { play: (data) => rmSync(join(data, 'data.mdb')), base: NOTHING },
  'data.mdb replaced': {
    play(data, _, { base }) {
      rmSync(join(data, 'data.mdb'))
      cpSync(join(base, 'data.mdb'), join(data, 'data.mdb'))
    },
    base: COPY,
  },
  'lock.mdb removed': { play: (data) => rmSync(join(data, 'lock.mdb')), where: 'there' },
  'commits removed': { play: (data) => rmSync(join(data, 'commits')), where: 'there' },
  'index/ removed': { play: (data) => rmSync(join(data, 'index'), { recursive: true }), where: 'there' },
}

const NAMES = Object.keys(GAMES)
const HOLDERS = ['w0', 'w1']

const LOST = { counts: { 'lost: acknowledged into a file without a name': 1 }, details: {} }

export default {
  name: 'folder',
  tries:
    'removes, replaces, moves and links the folder under the handles of two processes; nothing is acknowledged and gone',
  allowed: [/^refused: (STORAGE|NOT_FOUND|NOT_A_DATABASE|CORRUPTED|CLOSED)$/],
  prepare: prepareBase,
  async round({ random, folder, children, prepared }) {
    const { seed } = random
    const name = NAMES[seed % NAMES.length]
    const game = GAMES[name]
    const data = copyOfBase(prepared, folder)
    const aside = join(folder, 'aside')
    const holders = HOLDERS.map((holder) =>
      children.start('holder', { folder: data, name: holder, seed }, { bound: 30_000 }),
    )
    await Promise.all(holders.map((child) => child.told('ready')))
    const before = Object.assign({}, ...HOLDERS.map((holder, i) => acknowledged(holders[i], [holder])))
    game.play(data, aside, prepared)
    for (const child of holders) child.say('go')
    const endings = await Promise.all(holders.map((child) => child.ended))
    const told = (names) => Object.assign({}, ...names.map((each, i) => acknowledged(endings[i], [each])))
    const writers = told(HOLDERS)
    const again = told(HOLDERS.map((holder) => `${holder} again`))
    const verified = (folder, writers, base) => children.run('verify', { folder, seed, writers, base })
    const parts = endings.map((ending) => ending.outcomes())
    if (game.where === 'there') parts.push((await verified(data, { ...writers, ...again })).outcomes())
    else {
      if (game.where === 'aside') parts.push((await verified(aside, writers)).outcomes())
      // What had been written before is gone with the file, and nothing may be acknowledged into it.
      else if (HOLDERS.some((holder) => writers[holder] !== before[holder])) parts.push(LOST)
      if (Object.values(again).some((count) => count > 0))
        parts.push((await verified(data, again, game.base)).outcomes())
    }
    return named(name, sumOf(...parts))
  },
}
