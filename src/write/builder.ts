import { SkalarError } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { Batch, batchCapacity } from '../store/batch.ts'
import type { Definition } from '../store/catalogue.ts'
import { MOST_RECORDS } from '../store/room.ts'
import { nextTurn } from '../turns.ts'
import type { Id } from '../types.ts'
import { isRevoked } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import { badVector, validId, validMetadata, writeVector } from '../validate.ts'

const RECORD_KEYS = ['id', 'vector', 'metadata'] as const

/** What is told of an invalid record when the others are to go on without it. */
export type OnInvalid = (error: SkalarError, record: unknown) => void

/** A batch, and where its records came from, for errors found once it is complete. */
interface Filling {
  readonly batch: Batch
  readonly indexes: number[]
  readonly vectors: unknown[]
}

/** Copies records into batches, checking each on the way. Of records with one id only the last remains. */
export class BatchBuilder {
  readonly #definition: Definition
  readonly #capacity: number
  readonly #onInvalid: OnInvalid | undefined
  readonly #scratch: Float32Array
  #fillings: Filling[] = []
  /** Where the record of an id stands: its index within filling f, plus f times what a filling holds at most. */
  #places = new Map<Id, number>()

  /** Memory is taken for `expected` records at a time at most. Without `onInvalid` an invalid record throws. */
  constructor(definition: Definition, expected: number, onInvalid?: OnInvalid) {
    this.#definition = definition
    this.#capacity = Math.max(1, Math.min(expected, batchCapacity(definition.dimension)))
    this.#onInvalid = onInvalid
    this.#scratch = new Float32Array(onInvalid === undefined ? 0 : definition.dimension)
  }

  /** Records so far. */
  get length(): number {
    return this.#places.size
  }

  /** Whether there is as much as one transaction takes. */
  get full(): boolean {
    const first = this.#fillings[0]
    return this.several || (first !== undefined && this.#isFull(first))
  }

  /** Whether there is more than one transaction takes. */
  get several(): boolean {
    return this.#fillings.length > 1
  }

  /** Takes the record that stands at `index` of the input. @throws SkalarError with `recordIndex` and `id` */
  add(record: unknown, index: number): void {
    try {
      this.#add(record, index)
    } catch (error) {
      if (!(error instanceof SkalarError)) throw error
      const id = isRevoked(record) ? undefined : (record as { id?: Id } | null | undefined)?.id
      const located = error.with({ recordIndex: index, id })
      if (this.#onInvalid === undefined) throw located
      this.#onInvalid(located, record)
    }
  }

  /** The batches so far, ready to be written; the builder begins anew. @throws SkalarError `BAD_VECTOR` */
  finish(): Batch[] {
    return this.#takeFillings().map((filling) => this.#normalized(filling))
  }

  /** The same in slices. The records are copies already, and nothing has been written. */
  async finishInTurns(): Promise<Batch[]> {
    const batches: Batch[] = []
    for (const filling of this.#takeFillings()) {
      await nextTurn()
      batches.push(this.#normalized(filling))
    }
    return batches
  }

  #takeFillings(): Filling[] {
    const fillings = this.#fillings.filter(({ batch }) => batch.length > 0)
    this.#fillings = []
    this.#places = new Map()
    return fillings
  }

  #normalized(filling: Filling): Batch {
    const bad = filling.batch.normalize(this.#refuseZero)
    if (bad !== undefined) throw this.#badVectorAt(filling, bad)!
    return filling.batch
  }

  get #refuseZero(): boolean {
    return this.#definition.metric === 'cosine'
  }

  #add(record: unknown, index: number): void {
    if (!isPlainObject(record)) {
      throw new SkalarError('BAD_RECORD', `a record is { id, vector, metadata? }, got ${describe(record)}`)
    }
    const { id: rawId, vector, metadata } = checkOptions(record, RECORD_KEYS, 'record')
    const id = validId(rawId)
    const known = this.#places.get(id)
    const { batch, indexes, vectors } = known === undefined ? this.#nextFilling() : this.#fillingOf(known)
    const i = known === undefined ? batch.length : known % MOST_RECORDS
    const { dimension } = this.#definition
    batch.put(i, id, validMetadata(metadata), (target, offset) => {
      if (this.#onInvalid === undefined) writeVector(vector, target, offset, dimension)
      else target.set(this.#checked(vector), offset)
    })
    indexes[i] = index
    vectors[i] = vector
    if (known === undefined) this.#places.set(id, (this.#fillings.length - 1) * MOST_RECORDS + i)
  }

  /** Where a record is to be replaced, whose vector would then be out of reach of the check in finish(). */
  #fillingOf(place: number): Filling {
    const filling = this.#fillings[Math.floor(place / MOST_RECORDS)]!
    const error = this.#badVectorAt(filling, place % MOST_RECORDS)
    if (error !== undefined) throw error
    return filling
  }

  /**
   * The components of a good vector, until the next call. Vectors are otherwise checked a batch at a time, in native code;
   * where the batch must go on without this one, it may not even overwrite an earlier record with its id.
   */
  #checked(vector: unknown): Float32Array {
    writeVector(vector, this.#scratch, 0, this.#definition.dimension)
    const error = badVector(this.#scratch, vector, 'vector', this.#refuseZero)
    if (error !== undefined) throw error
    return this.#scratch
  }

  #badVectorAt({ batch, indexes, vectors }: Filling, index: number): SkalarError | undefined {
    const error = badVector(batch.vector(index), vectors[index], 'vector', this.#refuseZero)
    return error?.with({ recordIndex: indexes[index], id: batch.ids[index] })
  }

  #nextFilling(): Filling {
    const last = this.#fillings.at(-1)
    if (last !== undefined && !this.#isFull(last)) return last
    const filling = { batch: new Batch(this.#definition.dimension, this.#capacity), indexes: [], vectors: [] }
    this.#fillings.push(filling)
    return filling
  }

  #isFull({ batch }: Filling): boolean {
    return batch.full || batch.length === this.#capacity
  }
}
