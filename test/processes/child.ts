import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** How long a child may take for one thing. Only a child that hangs reaches it. */
const PATIENCE_MS = 60_000

/** A folder that is removed when the test has finished. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'skalar-processes-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a program of `children/` to its end while this event loop stands still. */
export function runToEnd(program: string, ...args: readonly (string | number)[]): void {
  const file = join(import.meta.dirname, 'children', `${program}.mjs`)
  execFileSync(process.execPath, [file, ...args.map(String)], { timeout: 120_000 })
}

export interface Exit {
  readonly code: number | null
  readonly signal: string | null
  readonly stderr: string
}

/** A process of its own that runs a program of `children/`. It is killed when the test has finished. */
export class Child {
  readonly exited: Promise<Exit>
  readonly #process: ChildProcess
  readonly #messages: unknown[] = []
  #wake: () => void = () => {}
  #exit: Exit | undefined

  /** `program` is a file of `children/` without its extension; a last argument may add to its environment. */
  constructor(program: string, ...args: readonly (string | number | NodeJS.ProcessEnv)[]) {
    const file = join(import.meta.dirname, 'children', `${program}.mjs`)
    const variables = args.filter((argument) => typeof argument === 'object')
    const words = args.filter((argument) => typeof argument !== 'object')
    this.#process = fork(file, words.map(String), {
      execArgv: [],
      env: Object.assign({}, process.env, ...variables),
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let stderr = ''
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    this.#process.on('message', (message) => {
      this.#messages.push(message)
      this.#wake()
    })
    this.exited = new Promise((resolve) => {
      this.#process.on('close', (code, signal) => {
        this.#exit = { code, signal, stderr }
        this.#wake()
        resolve(this.#exit)
      })
    })
    onTestFinished(async () => {
      this.kill()
      await this.exited
    })
  }

  get pid(): number {
    return this.#process.pid!
  }

  /** The next message of the child. Rejects when it has ended instead. */
  async next<T>(): Promise<T> {
    while (this.#messages.length === 0) {
      if (this.#exit !== undefined) throw new Error(`the child has ended: ${JSON.stringify(this.#exit)}`)
      await withPatience(
        new Promise<void>((resolve) => {
          this.#wake = resolve
        }),
      )
    }
    return this.#messages.shift() as T
  }

  send(message: unknown): void {
    this.#process.send(message as object)
  }

  /** Sends a message and waits for the answer. */
  ask<T>(message: unknown): Promise<T> {
    this.send(message)
    return this.next<T>()
  }

  /** How the child ended; rejects when it does not. */
  end(): Promise<Exit> {
    return withPatience(this.exited)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }
}

async function withPatience<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the child does not answer')), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
