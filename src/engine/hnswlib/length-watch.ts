/** Of the rows that came later, almost all must differ from the reference length for it to be given up. */
const ALMOST_ALL = 15 / 16

/** Sees when nearly all rows have become much shorter, or much longer, than the length a space was made for. */
export class LengthWatch {
  readonly #reference: number
  readonly #patience: number
  #rows = 0
  #shorter = 0
  #longer = 0

  /** `rows` is how many the reference was chosen from: fewer than twice as many newer ones do not matter. */
  constructor(reference: number, rows: number) {
    this.#reference = reference
    this.#patience = 2 * rows
  }

  add(norm: number): void {
    this.#rows++
    if (norm < this.#reference / 2) this.#shorter++
    if (norm > this.#reference * 2) this.#longer++
  }

  get outgrown(): boolean {
    const most = Math.max(this.#shorter, this.#longer)
    return this.#rows > this.#patience && most > ALMOST_ALL * this.#rows
  }
}
