import type { Cancel, Filter, Id, Path, VectorInput } from '../../types.ts'

/** How likes and dislikes become an order; docs/similarity.md has the formulas. */
export type RecommendStrategy = 'mean' | 'best' | 'sum'

/** What is liked and disliked: ids of records, and vectors. The records given are never recommended. */
export interface RecommendTaste<I extends Id> {
  /** At least one. */
  positive: readonly (I | VectorInput)[]
  negative?: readonly (I | VectorInput)[] | undefined
}

export interface RecommendSettings<
  M extends object,
  I extends Id,
  S extends readonly (keyof M & string)[] | undefined = undefined,
  V extends boolean = false,
> {
  /** Default `mean`. */
  strategy?: RecommendStrategy | undefined
  /** At most this many matches. Default 10. */
  k?: number | undefined
  filter?: Filter<M, I> | undefined
  /** Ids that are not recommended, what a user has seen for example; unknown ones are passed over. */
  exclude?: readonly I[] | undefined
  /** 0 (default): by score alone. Up to 1: the less alike the matches are, by maximal marginal relevance. */
  diversity?: number | undefined
  /** At most `limit` matches share a value of the metadata path `field`. */
  perGroup?: { field: string extends keyof M ? string : Path<M>; limit: number } | undefined
  /** Only matches whose score is at least this good. */
  threshold?: number | undefined
  /** As of `query`. */
  select?: S | undefined
  includeVector?: V | undefined
  ef?: number | undefined
  exact?: boolean | undefined
}

export type RecommendOptions<
  M extends object,
  I extends Id,
  S extends readonly (keyof M & string)[] | undefined = undefined,
  V extends boolean = false,
> = Cancel & RecommendTaste<I> & RecommendSettings<M, I, S, V>

/** One of many users, with options of their own over the common ones. */
export type RecommendUser<M extends object, I extends Id> = RecommendTaste<I> &
  RecommendSettings<M, I, readonly (keyof M & string)[] | undefined, boolean>
