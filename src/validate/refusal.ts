import { SkalarError } from '../errors.ts'

/**
 * Why a value in metadata is refused. It is handed up from the value to the root, and each container adds its step, so
 * that a path is only built when there is something to report.
 */
export class Refusal {
  readonly #problem: string
  /** The container that lay too deep, if this is why. */
  readonly #tooDeep: object | undefined
  readonly #steps: string[] = []
  readonly #containers: object[] = []

  /** `problem` completes a sentence that begins with the path; `tooDeep` is the container beyond the depth limit. */
  constructor(problem: string, tooDeep?: object) {
    this.#problem = problem
    this.#tooDeep = tooDeep
  }

  /** This refusal as seen from the container around it; `step` is the way down, as `.name` or `[2]`. */
  inside(container: object, step: string): this {
    this.#containers.unshift(container)
    this.#steps.unshift(step)
    return this
  }

  toError(root: string): SkalarError {
    const cycle = this.#tooDeep === undefined ? undefined : this.#cycle(this.#tooDeep)
    const path = this.#path(root, cycle?.end ?? this.#steps.length)
    const problem =
      cycle === undefined
        ? this.#problem
        : `refers back to ${this.#path(root, cycle.start)}, and a cycle cannot be stored: store an id instead`
    return new SkalarError('BAD_METADATA', `${path} ${problem}`, { path })
  }

  /** The first container on the way down that was met before: the depth limit is what stops the walk in a cycle. */
  #cycle(last: object): { start: number; end: number } | undefined {
    const containers = [...this.#containers, last]
    const end = containers.findIndex((container, i) => containers.indexOf(container) < i)
    return end === -1 ? undefined : { start: containers.indexOf(containers[end] as object), end }
  }

  #path(root: string, length: number): string {
    return root + this.#steps.slice(0, length).join('')
  }
}
