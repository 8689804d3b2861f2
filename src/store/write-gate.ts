import { Fifo } from '../fifo.ts'
import { MOST_RECORDS, TRANSACTION_WEIGHT } from './room.ts'

/**
 * Lets writes through in order, as many at once as one transaction may weigh (room.ts). lmdb-js runs all queued
 * transactions in one turn of the event loop, so what is let in together bounds how long that turn takes; small writes
 * still share a commit.
 */
export class WriteGate {
  readonly #waiting = new Fifo<{ weight: number; enter: () => void }>()
  #inside = 0
  #idle: (() => void)[] = []

  async run<T>(weight: number, write: () => Promise<T>): Promise<T> {
    const all = weight + TRANSACTION_WEIGHT
    await this.#enter(all)
    try {
      return await write()
    } finally {
      this.#leave(all)
    }
  }

  /** Resolves when nothing is inside or waiting. */
  async idle(): Promise<void> {
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #enter(weight: number): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(weight)) {
      // Whoever leaves makes room for us and counts us in.
      await new Promise<void>((enter) => this.#waiting.push({ weight, enter }))
    } else {
      this.#inside += weight
    }
  }

  #leave(weight: number): void {
    this.#inside -= weight
    for (let first = this.#waiting.peek(); first && this.#fits(first.weight); first = this.#waiting.peek()) {
      this.#waiting.shift()
      this.#inside += first.weight
      first.enter()
    }
    if (this.#inside === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  #fits(weight: number): boolean {
    return this.#inside === 0 || this.#inside + weight <= MOST_RECORDS
  }
}
