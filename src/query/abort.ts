import { type AbortFlag, STOP } from '../engine/engine.ts'
import { listen } from '../listen.ts'

/** What may end a query early. */
export interface Limits {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds. */
  readonly timeout?: number | undefined
}

/** Milliseconds that work which is under way has to end once time is up; what waits for a thread does not. */
const GRACE_MS = 10

/** Limits as native code understands them, from now on. */
export class Abort {
  /** Set when a limit is reached; undefined where there is none. */
  readonly flag: AbortFlag | undefined
  readonly #signal: AbortSignal | undefined
  readonly #unlisten: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined
  #giveUp = () => {}
  readonly #onAbort = () => {
    Atomics.store(this.flag!, 0, STOP.abort)
    this.#giveUp()
  }
  readonly #onTimeout = () => {
    Atomics.store(this.flag!, 0, STOP.outOfTime)
    this.#timer = setTimeout(() => this.#giveUp(), GRACE_MS)
  }

  constructor({ signal, timeout }: Limits) {
    this.#signal = signal
    if (signal === undefined && timeout === undefined) return
    this.flag = new Int32Array(1)
    this.#unlisten = signal && listen(signal, this.#onAbort)
    if (timeout !== undefined) this.#timer = setTimeout(this.#onTimeout, timeout)
  }

  get outOfTime(): boolean {
    return this.flag?.[0] === STOP.outOfTime
  }

  /** @throws the signal's reason, when it has fired */
  check(): void {
    this.#signal?.throwIfAborted()
  }

  /** The same where there is nothing yet to answer with. @throws also when time is up */
  checkAll(): void {
    this.check()
    if (this.outOfTime) throw new Error('out of time')
  }

  /** What work with the flag comes to. Rejects when a limit is reached while other work keeps it from beginning. */
  race<T>(work: Promise<T>): Promise<T> {
    if (this.flag === undefined) return work
    return new Promise((resolve, reject) => {
      this.#giveUp = () => reject(new Error('stopped'))
      work.then(resolve, reject)
    })
  }

  dispose(): void {
    this.#unlisten?.()
    clearTimeout(this.#timer)
  }
}
