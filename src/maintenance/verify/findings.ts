import { SkalarError } from '../../errors.ts'
import type { Problem, ProblemCode, Verification } from '../types.ts'

const MOST = 1_000

/** What a verification finds. */
export class Findings {
  readonly #problems: Problem[] = []

  add(code: ProblemCode, detail: string): void {
    if (this.#problems.length < MOST) this.#problems.push({ code, detail })
  }

  /** Adds what says that stored bytes are not to be used; throws anything else. */
  take(code: ProblemCode, error: unknown, where: string): void {
    if (!(error instanceof SkalarError && error.code === 'CORRUPTED')) throw error
    this.add(code, `${where}: ${error.message}`)
  }

  result(): Verification {
    return { ok: this.#problems.length === 0, problems: [...this.#problems] }
  }
}
