import type { AbortFlag } from '../engine/engine.ts'

/** An AbortSignal as native code understands it. */
export class Abort {
  /** Set to 1 when the signal fires; undefined without a signal. */
  readonly flag: AbortFlag | undefined
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = () => {
    Atomics.store(this.flag!, 0, 1)
  }

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
    if (signal === undefined) return
    this.flag = new Int32Array(1)
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /** @throws the signal's reason, when it has fired */
  check(): void {
    this.#signal?.throwIfAborted()
  }

  dispose(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}
