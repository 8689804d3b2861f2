import type { Cancel, Filter, Id, Metadata } from '../../types.ts'
import type { Transform } from '../transform.ts'

/** How a pair's score is compared with the neighbourhoods of both of its records; docs/similarity.md has the formulas. */
export type MatchMargin = 'ratio' | 'distance' | 'none'

export interface MatchProgress {
  /** `transform`: vectors are taken into the other space, before pairs are looked for. */
  readonly phase: 'transform' | 'match'
  /** Records of this collection that it is done with. */
  readonly done: number
  /** Of so many that there are, and that take part. */
  readonly total: number
}

export type DuplicatesProgress = Omit<MatchProgress, 'phase'>

/** What `match` and `duplicates` share. */
interface Wanted<M extends object, I extends Id> extends Cancel {
  /** Which records of this collection take part. */
  filter?: Filter<M, I> | undefined
  /** Candidates that an approximate engine considers for each neighbourhood. Default 100. */
  ef?: number | undefined
  /** Never approximate: scans for each record. */
  exact?: boolean | undefined
}

export interface MatchOptions<M extends object = Metadata, I extends Id = Id> extends Wanted<M, I> {
  /** Records in a neighbourhood, 1 to 1,000. Default 4. */
  k?: number | undefined
  /** Default `ratio`, which needs the metric cosine. */
  margin?: MatchMargin | undefined
  /** Only pairs whose margin is at least this good. */
  threshold?: number | undefined
  /** Only pairs of records that are each other's best. Default false: each record's best, whomever that prefers. */
  mutual?: boolean | undefined
  /** What takes vectors of this collection into the space of the other one, such as `align({ from, to })`. */
  transform?: Transform | undefined
  /** Called after each batch of records; what it throws ends the call. */
  onProgress?: ((progress: MatchProgress) => void) | undefined
}

/** Two records that mean the same. */
export interface MatchedPair<I extends Id = Id, J extends Id = Id> {
  /** Of the collection whose `match` was called. */
  a: I
  /** Of the other one. */
  b: J
  /** By the metric of the other one, of the vectors as they are compared: with `transform` after it. */
  score: number
  /** How much better it is than what is near to either of them; larger is better. With margin `none` it is the score. */
  margin: number
}

export interface DuplicatesOptions<M extends object = Metadata, I extends Id = Id> extends Wanted<M, I> {
  /** Pairs at least this near, in the direction of the collection's metric. */
  threshold: number
  /** Called after each batch of records; what it throws ends the call. */
  onProgress?: ((progress: DuplicatesProgress) => void) | undefined
}

/** Two records of one collection. */
export interface DuplicatePair<I extends Id = Id> {
  /** The one whose id comes first: integers before strings, strings by their UTF-8 bytes. */
  a: I
  b: I
  score: number
}
