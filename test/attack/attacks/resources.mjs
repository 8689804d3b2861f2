import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { acknowledged, copyOfBase, prepareBase } from '../lib/base.mjs'
import { named, sumOf } from '../lib/harness.mjs'
import { asUser, giveToUser, MAY_CHANGE_USER, MAY_MOUNT } from '../lib/rights.mjs'

const KB = 1024
const MB = 1024 * KB

/** A file system of its own on the folder, so small that it fills. */
function mount(folder, size) {
  mkdirSync(folder)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'skalar-attack', folder])
  return () => execFileSync('umount', ['--lazy', folder])
}

/** A user of whom nothing else runs, so that limits of a user are those of one process. */
const freshUser = (random) => 20_000 + random.below(30_000)

/**
 * Each shortage: how a child comes to have it. A function of the folder to use (which is a copy of the base where `fresh` is
 * not set, else to be made) and random numbers; returns what starts the child, and what is to be undone.
 */
const SHORTAGES = {
  'a small disk': {
    fresh: true,
    needs: MAY_MOUNT,
    make: (data, random) => ({ undo: mount(data, random.between(1, 16) * 128 * KB) }),
  },
  'a tiny disk': {
    fresh: true,
    needs: MAY_MOUNT,
    make: (data, random) => ({ undo: mount(data, random.between(1, 40) * 4 * KB) }),
  },
  'file size': { make: (_, random) => ({ wrap: ['prlimit', `--fsize=${random.between(1, 3 * MB)}`] }) },
  'file size at creation': {
    fresh: true,
    make: (_, random) => ({ wrap: ['prlimit', `--fsize=${random.between(1, 300 * KB)}`] }),
  },
  descriptors: {
    make: (_, random) => ({ wrap: ['prlimit', '--nofile=200'], descriptors: random.below(16) }),
  },
  memory: { make: (_, random) => ({ wrap: ['prlimit', `--as=${random.between(850, 1_450) * MB}`] }) },
  threads: {
    needs: MAY_CHANGE_USER,
    make(data, random) {
      const user = freshUser(random)
      giveToUser(join(data, '..'), user)
      return { wrap: ['prlimit', `--nproc=${random.between(11, 20)}`, ...asUser(user)] }
    },
  },
  'a folder of another user': { needs: MAY_CHANGE_USER, make: () => ({ wrap: asUser() }) },
  'a folder of another user, read-only': {
    needs: MAY_CHANGE_USER,
    make: () => ({ wrap: asUser(), readOnly: true }),
  },
  'a folder of another user, read-only beside a writer': {
    needs: MAY_CHANGE_USER,
    make: () => ({ wrap: asUser(), readOnly: true, beside: true }),
  },
  'lock.mdb gone on a full disk': {
    make(data, random) {
      rmSync(join(data, 'lock.mdb'))
      return { wrap: ['prlimit', `--fsize=${random.between(1, 8 * KB)}`] }
    },
  },
}

export default {
  name: 'resources',
  tries:
    'leaves too little disk, descriptors, memory, threads or rights; all ends with codes, and what was acknowledged is there',
  allowed: [
    /^refused: (DISK_FULL|STORAGE|OUT_OF_MEMORY|READ_ONLY|NOT_FOUND|CLOSED)$/,
    // V8 ends the process where it has no memory, and Node where it cannot begin.
    /Node itself ended$/,
    // So does LMDB: docs/limits.md.
    /^memory: crash: SIG(SEGV|BUS|ABRT)$/,
  ],
  async prepare(context) {
    const shortages = Object.entries(SHORTAGES).filter(([, { needs }]) => needs !== false)
    return { ...(await prepareBase(context)), shortages }
  },
  async round({ random, folder, children, prepared }) {
    const { seed } = random
    const [name, { fresh, make }] = prepared.shortages[seed % prepared.shortages.length]
    const data = fresh ? join(folder, 'data') : copyOfBase(prepared, folder)
    chmodSync(folder, 0o755)
    const { wrap, readOnly, descriptors, beside, undo } = make(data, random)
    try {
      const busy = !beside
        ? undefined
        : children.start('busy', { folder: data, role: 'crowd', name: 'beside', seed })
      await busy?.told('ready')
      const input = { folder: data, seed, operations: 40, readOnly, descriptors }
      const ending = await children.run('strained', input, { bound: 40_000, wrap })
      busy?.kill()
      const writers = readOnly ? {} : acknowledged(ending, ['w0'])
      // Where the disk is full, the next process is to be able to read all the same.
      if (undo !== undefined) execFileSync('mount', ['-o', 'remount,size=200m', data])
      const verified = await children.run('verify', {
        folder: data,
        seed,
        writers,
        base: fresh ? 0 : undefined,
      })
      return sumOf(named(name, outcomesOf(ending)), named(`${name}, afterwards`, verified.outcomes()))
    } finally {
      undo?.()
    }
  },
}

/** What V8 and Node say when they end the process themselves. */
const LAST_WORDS = /FATAL ERROR|Fatal process|Fatal JavaScript|Assertion .*failed.*uv|RangeError: WebAssembly/

function outcomesOf(ending) {
  const notOurs = LAST_WORDS.test(ending.stderr) || ending.last('started') === undefined
  return notOurs ? { counts: { 'Node itself ended': 1 }, details: {} } : ending.outcomes()
}
