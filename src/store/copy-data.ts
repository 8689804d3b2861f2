import { statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { SkalarError } from '../errors.ts'
import { listen } from '../listen.ts'
import { PAGE_SIZE } from './data-file.ts'
import type { Environment } from './environment.ts'
import { failure, MAX_READERS } from './folder.ts'
import { corruptedRow } from './integrity.ts'
import { mapSizeOf } from './map-size.ts'
import { findRoom } from './new-files.ts'

/*
 * A compacted copy of `data.mdb`, as one reader sees it: LMDB walks all pages that are in use and writes them one behind the other, without
 * free ones. It does so in a process of its own, for LMDB can neither be told to stop nor does it survive every damaged page; and for
 * neither the event loop nor our threads are then held. A thread of its own starts that process: the system copies the tables of this one's
 * memory for it, which takes 25 milliseconds a gigabyte.
 */

/**
 * Opens the environment, says so, and waits for a word to begin, which puts the number of the last commit right (`commit-number.ts`). Ends
 * with the process that has started it. Where LMDB has lost count of free pages, which a compacting copy does not put up with, it
 * copies the file as it is.
 */
const PROGRAM = `
  const { rmSync } = require('node:fs')
  const [lmdb, options, target] = process.argv.slice(1)
  const { stdin, stdout } = process
  const root = require(lmdb).open(JSON.parse(options))
  const end = (text) => stdout.write(text, () => root.close().then(() => stdin.destroy()))
  stdin.on('end', () => process.kill(process.pid, 'SIGKILL'))
  stdin.once('data', async () => {
    try {
      await root.backup(target, true).catch((error) => {
        if (!/^MDB_INCOMPATIBLE/.test(error.message)) throw error
        rmSync(target + '/data.mdb')
        return root.backup(target, false)
      })
      end('done')
    } catch (error) {
      end(error.message)
    }
  })
  stdout.write('open')
`

/** Starts the program, passes on what it says and how it ends, and what it is told. */
const THREAD = `
  const { spawn } = require('node:child_process')
  const { parentPort, workerData } = require('node:worker_threads')
  const { file, args, env } = workerData
  const child = spawn(file, args, { env, windowsHide: true })
  const tell = (kind) => (value) => parentPort.postMessage({ [kind]: value })
  const end = (ending) => {
    parentPort.postMessage(ending)
    parentPort.close()
  }
  child.stdout?.setEncoding('utf8').on('data', tell('said'))
  child.stderr?.setEncoding('utf8').on('data', tell('printed'))
  // It has ended then, which is told below.
  child.stdin?.on('error', () => {})
  child.once('error', ({ message }) => end({ ended: message }))
  child.once('close', (code, signal) => end({ ended: signal ?? 'code ' + code }))
  parentPort.on('message', (word) => (word === 'begin' ? child.stdin.write(word) : child.kill('SIGKILL')))
`

const INTERVAL_MS = 100

/** Bytes that are written to find out whether a copy has failed for want of room. */
const PROBE_BYTES = 256 * 1024

/** What ends a process that reads a damaged page. */
const CRASHES: ReadonlySet<unknown> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE'])

/** What the thread tells. */
interface Told {
  readonly said?: string
  readonly printed?: string
  readonly ended?: string
}

/**
 * Writes `data.mdb` into a folder, which exists. `tell` is called now and then with the bytes that are there; what it throws ends the copy.
 *
 * @throws the signal's reason; what `tell` throws; SkalarError `DISK_FULL`, `CORRUPTED`, `STORAGE`
 */
export async function copyData(
  environment: Environment,
  target: string,
  signal: AbortSignal | undefined,
  tell: (bytes: number) => void,
): Promise<void> {
  const child = new Child(environment, target)
  const unlisten = signal && listen(signal, () => child.kill())
  try {
    await child.open
    if (!environment.readOnly) await environment.write(1, () => {})
    child.begin()
    while (child.ended === undefined) {
      await Promise.race([setTimeout(INTERVAL_MS, undefined, { ref: false }), child.end])
      tell(bytesOf(join(target, 'data.mdb')))
    }
    signal?.throwIfAborted()
    if (child.said !== 'opendone') throw failureOf(child, environment.folder, target)
  } finally {
    unlisten?.()
    child.kill()
    await child.end
  }
}

/** The process that copies, by way of its thread. */
class Child {
  said = ''
  /** The end of what LMDB and lmdb-js print. */
  printed = ''
  /** The signal that has ended it, or what else has. */
  ended: string | undefined
  /** It has opened the environment, or has ended. */
  readonly open: Promise<unknown>
  readonly end: Promise<void>
  readonly #thread: Worker

  constructor(environment: Environment, target: string) {
    const lmdb = createRequire(import.meta.url).resolve('lmdb')
    const workerData = {
      file: process.execPath,
      args: ['-e', PROGRAM, lmdb, JSON.stringify(optionsOf(environment)), target],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '' },
    }
    this.#thread = new Worker(THREAD, { eval: true, execArgv: [], workerData })
    this.end = new Promise((resolve) => {
      this.#thread.on('message', (told: Told) => this.#take(told, resolve))
      this.#thread.once('error', ({ message }) => this.#take({ ended: message }, resolve))
      this.#thread.once('exit', () => this.#take({ ended: 'its thread has ended' }, resolve))
    })
    const hasOpened = new Promise<void>((resolve) => {
      this.#thread.on('message', ({ said }: Told) => {
        if (said !== undefined) resolve()
      })
    })
    this.open = Promise.race([hasOpened, this.end])
  }

  begin(): void {
    this.#thread.postMessage('begin')
  }

  kill(): void {
    this.#thread.postMessage('kill')
  }

  #take({ said = '', printed = '', ended }: Told, end: () => void): void {
    this.said += said
    this.printed = (this.printed + printed).slice(-1_000)
    this.ended ??= ended
    if (ended !== undefined) end()
  }
}

/** What is of use for reading of what `Environment` opens with. */
function optionsOf({ folder, view }: Environment): object {
  const mapSize = mapSizeOf(folder)
  return {
    path: view,
    noSubdir: false,
    readOnly: true,
    pageSize: PAGE_SIZE,
    maxReaders: MAX_READERS,
    ...(mapSize !== undefined && { mapSize }),
  }
}

function bytesOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function failureOf({ said, printed, ended }: Child, folder: string, target: string): SkalarError {
  const problem = said.replace(/^open/, '') || printed || `the process that copies has ended: ${ended}`
  const cause = new Error(problem)
  try {
    findRoom(target, PROBE_BYTES)
  } catch (refusal) {
    return failure(`the copy in ${target} cannot be written`, refusal)
  }
  if (CRASHES.has(ended) || problem.startsWith('MDB_'))
    return corruptedRow(`a page of the database in ${folder} is damaged`, { cause })
  return failure(`the database in ${folder} cannot be copied`, cause)
}
