import type { Cancel, Filter, Id, KernelMetric, Metadata, VectorInput } from '../../types.ts'
import type { KernelName } from '../kernel-option.ts'
import type { Classification, LabelValue } from '../labels.ts'

export interface TrainOptions<M extends object = Metadata, I extends Id = Id, P extends string = string>
  extends Cancel {
  /** The metadata field with the labels, or a dotted path to it. Records without it take no part. */
  field: P
  /** Its name, or with its parameters. Default `rbf`. */
  kernel?: KernelMetric | KernelName | undefined
  /** What an example on the wrong side costs, above 0. Default 1. */
  C?: number | undefined
  /** In so many parts the examples are divided to measure `accuracy`, at least 2. Default 5. */
  folds?: number | undefined
  /** It is trained on so many records at most, a random sample of each label in proportion; up to 8,000. Default 4,000. */
  sample?: number | undefined
  /** Of what is drawn at random: an integer, default 0. The same records, options and seed give the same machine. */
  seed?: number | undefined
  filter?: Filter<M, I> | undefined
  /** Called about ten times a second, and at the end of each phase. If it throws, the call stops and rejects with that. */
  onProgress?: ((progress: TrainProgress) => void) | undefined
}

/** How far a training has come: records read, kernel values computed, machines trained, folds validated. */
export interface TrainProgress {
  readonly phase: 'read' | 'kernel' | 'train' | 'validate'
  readonly done: number
  readonly total: number
}

/**
 * A support-vector machine: of stored records it has learned which label a vector has. Made by `collection.train` and
 * `kernelMachineFromBytes`; it never changes, and needs no database.
 */
export interface KernelMachine<L extends LabelValue = LabelValue> {
  /** With all parameters. */
  readonly kernel: KernelMetric
  readonly C: number
  /** Components of a vector. */
  readonly dimension: number
  /** At least two. */
  readonly labels: readonly L[]
  /** How many records had a label when it was trained. */
  readonly records: number
  /** How many of them it was trained on. */
  readonly sample: number
  /** How many of these it keeps: the support vectors. */
  readonly supports: number
  /** The share of the sample whose label was the most probable to a machine that was trained without it, by `folds`. */
  readonly accuracy: number

  /**
   * The label of a vector, and how probable each is, on threads of this package. Vectors are copied before the call returns;
   * each costs `supports` kernel values, several at a time less.
   *
   * @throws SkalarError (the promise rejects) `BAD_VECTOR`, also where a kernel's value is beyond float64, `DIMENSION_MISMATCH`,
   *   `BAD_OPTION`, `OUT_OF_MEMORY`
   */
  classify(vector: VectorInput, options?: Cancel): Promise<Classification<L>>
  /** The same of each vector of an array, in the same order; `[]` for `[]`. */
  classify(vectors: readonly VectorInput[], options?: Cancel): Promise<Classification<L>[]>

  /** All there is of it, under a checksum (docs/format.md), for `kernelMachineFromBytes`; bit for bit the same machine. */
  toBytes(): Uint8Array<ArrayBuffer>
}
