import type { Cancel, Filter, Id, Metadata, Path, VectorInput } from '../../types.ts'

/**
 * A kernel whose values are weights, since they are never negative. `gamma` and `coef0` as of `KernelMetric`; `degree` must be given
 * where it is polynomial, and even.
 */
export type AttentionKernel =
  | { kernel: 'rbf'; gamma?: number | undefined }
  | { kernel: 'laplacian'; gamma?: number | undefined }
  | { kernel: 'polynomial'; gamma?: number | undefined; degree: number; coef0?: number | undefined }

export interface AttendOptions<M extends object = Metadata, I extends Id = Id> extends Cancel {
  /**
   * An array of queries, or their numbers one behind the other: of the collection's dimension, or as many as `projections.query` has
   * columns.
   */
  queries: VectorInput | readonly VectorInput[]
  /**
   * Reads only the `k` heaviest records, as the index finds them. Without it, with `exact` or with several `heads` all records are
   * read, and `k` (10 where it is not given) is only how many weights are returned.
   */
  k?: number | undefined
  /** What logits are divided by besides the root of the dimension, from 1e-100 to 1e100. Default 1. */
  temperature?: number | undefined
  /** In place of the softmax: each weight is the kernel of query and record, divided by their sum. */
  kernel?: AttentionKernel | 'rbf' | 'laplacian' | undefined
  /**
   * What is summed. Default: the vectors themselves. A collection: its vectors of the same ids. A string: the number or array of
   * numbers at that metadata path. Records without a value take no part.
   */
  values?:
    | (string extends keyof M ? string : Path<M>)
    | { readonly name: string; readonly dimension: number }
    | undefined
  /** Splits queries, keys and values into so many equal parts, each with a softmax of its own. Default 1. */
  heads?: number | undefined
  /**
   * Matrices that queries, keys and values are multiplied by from the left, before they are split: arrays of rows, or their numbers row
   * by row.
   */
  projections?:
    | {
        query?: VectorInput | readonly VectorInput[] | undefined
        key?: VectorInput | readonly VectorInput[] | undefined
        value?: VectorInput | readonly VectorInput[] | undefined
      }
    | undefined
  /** Which records take part. */
  filter?: Filter<M, I> | undefined
  /** Reads all records, whatever `k` is. */
  exact?: boolean | undefined
  /**
   * What `missingMass` is proven by where a graph has found the `k` heaviest. `codes`, the default, reads the graph's codes of the others,
   * a quarter of their bytes, and is near where few records weigh most; where there are none that tell (docs/similarity.md), it is
   * `lengths`, which reads the lengths of the others, and is near only where one record outweighs all. `products` computes the logits of
   * all, where lengths prove no less than a thousandth, and tells the missing mass as it is.
   */
  bound?: 'lengths' | 'codes' | 'products' | undefined
}

export interface AttendResult<I extends Id = Id> {
  /** For each query the weighted sum of values, the parts of several heads one behind the other. Zeros where no record took part. */
  outputs: Float32Array[]
  /**
   * The heaviest records that were read, heaviest first; weights of all that were read sum to 1. With several heads a list for each head
   * of the first query, then of the second, and so on.
   */
  weights: { id: I; weight: number }[][]
  /**
   * For each query how much of the whole weight the records that were not read can have at most: 0 where all were. An output is
   * no farther from that of all records than this times the largest distance between two values.
   */
  missingMass: number[]
}
