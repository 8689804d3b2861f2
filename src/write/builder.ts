import { SkalarError } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { Batch, batchCapacity } from '../store/batch.ts'
import type { Definition } from '../store/catalogue.ts'
import type { Id } from '../types.ts'
import { describe } from '../validate/describe.ts'
import { isPlainObject } from '../validate/plain-object.ts'
import { badVector, validId, validMetadata, writeVector } from '../validate.ts'

const RECORD_KEYS = ['id', 'vector', 'metadata'] as const

/** What is told of an invalid record when the others are to go on without it. */
export type OnInvalid = (error: SkalarError, record: unknown) => void

/** Where a record came from, for errors found once its batch is complete. */
interface Origin {
  readonly index: number
  readonly vector: unknown
}

interface Filling {
  readonly batch: Batch
  readonly origins: Origin[]
}

interface Place {
  readonly filling: Filling
  readonly index: number
}

/** Copies records into batches, checking each on the way. Of records with one id only the last remains. */
export class BatchBuilder {
  readonly #definition: Definition
  readonly #capacity: number
  readonly #onInvalid: OnInvalid | undefined
  readonly #scratch: Float32Array
  #fillings: Filling[] = []
  #places = new Map<Id, Place>()

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

  /** Takes the record that stands at `index` of the input. @throws SkalarError with `recordIndex` and `id` */
  add(record: unknown, index: number): void {
    try {
      this.#add(record, index)
    } catch (error) {
      if (!(error instanceof SkalarError)) throw error
      const located = error.with({ recordIndex: index, id: (record as { id?: Id } | null | undefined)?.id })
      if (this.#onInvalid === undefined) throw located
      this.#onInvalid(located, record)
    }
  }

  /** The batches so far, ready to be written; the builder begins anew. @throws SkalarError `BAD_VECTOR` */
  finish(): Batch[] {
    const fillings = this.#fillings
    this.#fillings = []
    this.#places = new Map()
    for (const filling of fillings) {
      const bad = filling.batch.normalize(this.#refuseZero)
      if (bad !== undefined) throw this.#badVectorAt({ filling, index: bad })!
    }
    return fillings.map(({ batch }) => batch).filter(({ length }) => length > 0)
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
    // A vector that is about to be replaced is out of reach of the check in finish().
    const error = known && this.#badVectorAt(known)
    if (error !== undefined) throw error
    const place = known ?? this.#nextPlace()
    const { dimension } = this.#definition
    place.filling.batch.put(place.index, id, validMetadata(metadata), (target, offset) => {
      if (this.#onInvalid === undefined) writeVector(vector, target, offset, dimension)
      else target.set(this.#checked(vector), offset)
    })
    place.filling.origins[place.index] = { index, vector }
    this.#places.set(id, place)
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

  #badVectorAt({ filling: { batch, origins }, index }: Place): SkalarError | undefined {
    const { index: recordIndex, vector } = origins[index]!
    const error = badVector(batch.vector(index), vector, 'vector', this.#refuseZero)
    return error?.with({ recordIndex, id: batch.ids[index] })
  }

  #nextPlace(): Place {
    let filling = this.#fillings.at(-1)
    if (filling === undefined || filling.batch.length === this.#capacity) {
      filling = { batch: new Batch(this.#definition.dimension, this.#capacity), origins: [] }
      this.#fillings.push(filling)
    }
    return { filling, index: filling.batch.length }
  }
}
