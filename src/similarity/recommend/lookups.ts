import type { Allowed, Filters } from '../../query/allowed.ts'
import type { RecordTest } from '../../query/match.ts'
import type { Source } from '../../source.ts'
import { FieldValues } from './groups.ts'
import { KnownIds } from './known.ts'
import type { GroupLimit } from './request.ts'

/** What the users of one call share: what was read for some is there for others. Its size has a bound. */
export class Lookups {
  readonly known: KnownIds
  readonly #source: Source
  /** The common filter; those of single users are not kept. */
  readonly #test: RecordTest | undefined
  readonly #perGroup: GroupLimit | undefined
  readonly #values: FieldValues | undefined
  #allowed: Allowed | undefined

  constructor(source: Source, test: RecordTest | undefined, perGroup: GroupLimit | undefined) {
    this.#source = source
    this.#test = test
    this.#perGroup = perGroup
    this.known = KnownIds.of(source)
    this.#values = perGroup && new FieldValues(source, perGroup.field)
  }

  valuesOf(field: readonly string[]): FieldValues {
    if (field === this.#perGroup?.field) return this.#values!
    return new FieldValues(this.#source, field)
  }

  /** These filters, with the common one as far as it has come; and those that are still to be evaluated. */
  filters(fresh: Filters): { filters: Filters; scans: Allowed[] } {
    const filters = new Map(fresh)
    if (this.#test !== undefined && this.#allowed !== undefined) filters.set(this.#test, this.#allowed)
    return { filters, scans: [...filters.values()].filter((allowed) => allowed !== this.#allowed) }
  }

  /** They have been evaluated. */
  keep(filters: Filters): void {
    if (this.#test !== undefined) this.#allowed = filters.get(this.#test)
  }

  /** They cannot tell any more what they let through. */
  forget(): void {
    this.#allowed = undefined
  }
}
