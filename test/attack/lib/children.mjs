import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const PROGRAMS = join(import.meta.dirname, '..', 'programs')

/** Node's code for a top-level await that nothing can end any more. */
const UNSETTLED = 13

/** `sanitize.sh` names a library that a sanitized addon needs. */
const { ATTACK_PRELOAD } = process.env
const PRELOADED = ATTACK_PRELOAD === undefined ? {} : { LD_PRELOAD: ATTACK_PRELOAD }

/** The children of one round: none outlives it. */
export class Children {
  #all = []

  /**
   * Starts a program of `programs/`. It is killed after `bound` ms, and counts as hanging then.
   *
   * @param {string} program its name, or a path
   * @param {object} input what `tell.mjs` gives it
   * @param {{ bound?: number, wrap?: string[], env?: object }} [options] `wrap`: a command that starts it
   */
  start(program, input, options) {
    const child = new Child(
      program.includes('/') ? program : join(PROGRAMS, `${program}.mjs`),
      input,
      options,
    )
    this.#all.push(child)
    return child
  }

  /** Starts a program and waits for its end. */
  run(program, input, options) {
    return this.start(program, input, options).ended
  }

  async end() {
    for (const child of this.#all) child.kill()
    await Promise.all(this.#all.map(({ ended }) => ended))
  }
}

/** A process of its own, and what it has told. */
class Child {
  messages = []
  /** Resolves to what `Ending` says. */
  ended
  #process
  #wake = () => {}
  #over = false
  #hangs = false

  constructor(file, input, { bound = 60_000, wrap = [], env = {} } = {}) {
    const [command, ...args] = [
      ...wrap,
      process.execPath,
      '--unhandled-rejections=throw',
      file,
      JSON.stringify(input),
    ]
    this.#process = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...PRELOADED, ...env },
    })
    this.#process.stdin.on('error', () => {})
    let stderr = ''
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      stderr = (stderr + text).slice(-20_000)
    })
    const lines = createInterface({ input: this.#process.stdout })
    lines.on('line', (line) => {
      this.messages.push(parsed(line))
      this.#wake()
    })
    const timer = setTimeout(() => {
      this.#hangs = true
      this.kill()
    }, bound)
    this.ended = new Promise((resolve) => {
      this.#process.on('error', (error) => resolve(new Ending({ failed: error.message })))
      this.#process.on('close', (code, signal) => {
        clearTimeout(timer)
        resolve(new Ending({ code, signal, stderr, hangs: this.#hangs, messages: this.messages }))
      })
    })
    this.ended.then(() => {
      this.#over = true
      this.#wake()
    })
  }

  /** Resolves once the child has told something with this key, or has ended. */
  async told(key) {
    while (!this.#over && !this.messages.some((message) => key in message)) {
      await new Promise((resolve) => {
        this.#wake = resolve
      })
    }
    return this.last(key)
  }

  /** The last value told under a key so far. */
  last(key) {
    return this.messages.findLast((message) => key in message)?.[key]
  }

  /** Kills it after so many milliseconds. */
  async killAfter(ms) {
    await sleep(ms)
    this.kill()
    return this.ended
  }

  kill(signal = 'SIGKILL') {
    this.#process.kill(signal)
  }

  get pid() {
    return this.#process.pid
  }

  /** Tells the child, which reads its standard input, to go on. */
  say(text) {
    this.#process.stdin.write(`${text}\n`)
  }
}

function parsed(line) {
  try {
    return JSON.parse(line)
  } catch {
    return { text: line }
  }
}

/** How a child ended, with all that it had told. */
export class Ending {
  constructor({ code = null, signal = null, stderr = '', hangs = false, messages = [], failed }) {
    Object.assign(this, { code, signal, stderr, hangs, messages, failed })
  }

  /** The last value told under a key. */
  last(key) {
    return this.messages.findLast((message) => key in message)?.[key]
  }

  /** Undefined where it ended with the code expected, else the word for the count. */
  fault(expected = 0) {
    if (this.failed !== undefined) return `not started: ${this.failed}`
    if (this.hangs) return 'hang'
    if (this.signal !== null) return `crash: ${this.signal}`
    if (this.code === expected) return undefined
    if (this.code === UNSETTLED) return 'a promise that never settles'
    const uncaught = /^(?:Uncaught )?(\w*(?:Error|OnPurpose)\b.*)$/m.exec(this.stderr)?.[1] ?? ''
    return `exit ${this.code}: ${uncaught
      .replace(/\/[\w./-]+/g, '<path>')
      .replace(/\d+/g, 'n')
      .slice(0, 80)}`
  }

  /** The outcomes that it counted, and how it ended, as a round returns them. */
  outcomes(expected = 0) {
    const counts = { ...this.last('counts') }
    const details = {}
    for (const { outcome, detail } of this.messages) {
      if (outcome === undefined) continue
      details[outcome] ??= detail
      counts[outcome] ??= 1
    }
    const fault = this.fault(expected)
    if (fault !== undefined) {
      counts[fault] = 1
      details[fault] = `${JSON.stringify(this.messages.slice(-3))} ${this.stderr}`.slice(-1500)
    }
    return { counts, details }
  }
}
