import { SkalarError } from '../../errors.ts'
import { checkOptions, functionOption, integerOption, numberOption, signalOption } from '../../options.ts'
import type { RecordTest } from '../../query/match.ts'
import { parseTest } from '../../query/request.ts'
import type { Definition } from '../../store/catalogue.ts'
import { fieldOption } from '../field.ts'
import { type Kernel, kernelObject, kernelOption } from '../kernel-option.ts'
import type { TrainProgress } from './types.ts'

/** `TrainOptions`, checked and copied. */
export interface TrainRequest {
  readonly field: readonly string[]
  readonly kernel: Kernel
  readonly C: number
  readonly folds: number
  readonly sample: number
  readonly seed: number
  readonly test: RecordTest | undefined
  readonly signal: AbortSignal | undefined
  readonly onProgress: ((progress: TrainProgress) => void) | undefined
}

const KNOWN = ['field', 'kernel', 'C', 'folds', 'sample', 'seed', 'filter', 'signal', 'onProgress'] as const

/** libsvm takes 16 bytes for each two examples, of 2 GiB that its memory can be at most. */
const MOST_EXAMPLES = 8000

/** @throws SkalarError `BAD_OPTION`, `BAD_FILTER` */
export function parseTraining(input: unknown, { dimension }: Definition): TrainRequest {
  const given = checkOptions(input, KNOWN, 'options')
  return {
    field: fieldOption(given.field, 'options.field'),
    kernel: readKernel(given.kernel, dimension),
    C: numberOption(given.C, 'options.C', { above: 0, default: 1 }),
    folds: integerOption(given.folds, 'options.folds', { min: 2, max: MOST_EXAMPLES, default: 5 }),
    sample: integerOption(given.sample, 'options.sample', { min: 4, max: MOST_EXAMPLES, default: 4000 }),
    seed: integerOption(given.seed, 'options.seed', { default: 0 }),
    test: parseTest(given.filter, 'options.filter'),
    signal: signalOption(given.signal, 'options.signal'),
    onProgress: functionOption<(progress: TrainProgress) => void>(given.onProgress, 'options.onProgress'),
  }
}

function readKernel(given: unknown, dimension: number): Kernel {
  const path = 'options.kernel'
  const kernel = kernelOption(kernelObject(given ?? 'rbf', path), dimension, path)
  if (kernel !== undefined) return kernel
  throw new SkalarError('BAD_OPTION', `${path} needs the name of a kernel: ${path}.kernel`, { path })
}
