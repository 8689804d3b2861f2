import type { Engine } from '../../engine/engine.ts'
import type { Images } from '../../engine/images.ts'
import type { NativeStore } from '../../native.ts'
import type { Abort } from '../../query/abort.ts'
import { ownMetric } from '../../query/own-metric.ts'
import type { Source } from '../../source.ts'
import type { CollectionMetricName } from '../../types.ts'

/** Vectors that neighbours are looked for among: a collection's, or what a transform makes of them. */
export interface Side {
  readonly dimension: number
  readonly metric: CollectionMetricName
  /** Of the metric mahalanobis, as of now. */
  readonly images: Images | undefined
  readonly engine: Engine
  /** The exact scan. */
  readonly flat: Engine
  /** What the engines search, by slot. */
  readonly vectors: NativeStore
  /** The log position that it stands at. */
  readonly position: number
  /** Records there are at it. */
  readonly live: number
  /** Brings in all commits that happened before, in slices. @throws SkalarError `NOT_FOUND` when dropped */
  catchUp(abort: Abort): Promise<void>
  /** The same on the calling thread; but without `whole` only where little is left to do, else it returns false. */
  settle(whole: boolean): boolean
  /** Whether LMDB, as it is read at this moment, holds nothing newer. */
  isLatest(): boolean
}

/** The vectors of a collection as they are. */
export class OwnSide implements Side {
  readonly dimension: number
  readonly metric: CollectionMetricName
  readonly #source: Source
  #live = 0

  constructor(source: Source) {
    this.#source = source
    this.dimension = source.definition.dimension
    this.metric = source.definition.metric
  }

  get images(): Images | undefined {
    return ownMetric(this.#source).images
  }

  get engine(): Engine {
    return this.#source.engine
  }

  get flat(): Engine {
    return this.#source.flat
  }

  get vectors(): NativeStore {
    return this.#source.replica.vectors
  }

  get position(): number {
    return this.#source.replica.position
  }

  get live(): number {
    return this.#live
  }

  catchUp(): Promise<void> {
    return this.#source.replica.catchUp()
  }

  settle(): boolean {
    this.#live = this.#source.replica.catchUpSync().live
    return true
  }

  isLatest(): boolean {
    const { replica } = this.#source
    const { number, position } = replica.state()
    return number === replica.number && position === replica.position
  }
}
