import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { RootDatabase } from 'lmdb'
import { SkalarError } from '../errors.ts'

/** The parts of lmdb-js's environment that tell of transactions. */
interface RawEnvironment {
  /** `lastTxnId` is that of the newer meta page. */
  info(): { readonly lastTxnId: number; readonly pagesWritten: number }
  getWriteTxnId(): number
}

/**
 * Puts a number where `lock.mdb` has that of the last commit: 64 bits behind LMDB's stamp and the file's format. Run in a process of its
 * own, since LMDB's locks end as soon as a process closes any descriptor of that file.
 */
const PROGRAM = `
  const [file, number] = process.argv.slice(1)
  const bytes = Buffer.alloc(8)
  const { endianness } = require('node:os')
  if (endianness() === 'LE') bytes.writeBigUInt64LE(BigInt(number))
  else bytes.writeBigUInt64BE(BigInt(number))
  const fs = require('node:fs')
  fs.writeSync(fs.openSync(file, 'r+'), bytes, 0, 8, 8)
`

const MOST_MS = 20_000

/**
 * The number of the last commit, which LMDB keeps in `lock.mdb` for all processes, and writers begin with. Whoever opens a folder
 * sets it to that of the meta page that it has read a moment before, without the lock of writers (`mdb_env_open2`). When others have
 * committed in between it is set back, and a transaction that begins then would overwrite what they committed, or find pages newer
 * than itself, which crashes. So each looks, before it writes, whether it began behind the last commit, and where it did puts
 * the number right: it holds the lock of writers, so that there is none but openers who would change it.
 */
export class CommitNumber {
  readonly #environment: RawEnvironment
  readonly #lock: string

  constructor(root: RootDatabase, folder: string) {
    this.#environment = (root as unknown as { env: RawEnvironment }).env
    this.#lock = join(folder, 'lock.mdb')
  }

  /** The number of the last commit, whoever made it. */
  get last(): number {
    return this.#environment.info().lastTxnId
  }

  /** Pages that this process has written. */
  get pagesWritten(): number {
    return this.#environment.info().pagesWritten
  }

  /** Whether the transaction under way, which has written nothing yet, began where another one has committed since. */
  get isBehind(): boolean {
    return this.#environment.getWriteTxnId() !== this.last + 1
  }

  /** For transactions that begin from now on. In a transaction. @throws SkalarError `STORAGE` */
  mend(): void {
    const args = ['-e', PROGRAM, this.#lock, String(this.last)]
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' }
    const { status, error, stderr } = spawnSync(process.execPath, args, {
      env,
      timeout: MOST_MS,
      encoding: 'utf8',
    })
    if (status === 0) return
    const message = `${this.#lock} is behind the last commit, and was not put right: close the database everywhere, and open it again`
    throw new SkalarError('STORAGE', message, { cause: error ?? new Error(stderr) })
  }
}
