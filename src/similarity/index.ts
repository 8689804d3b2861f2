/**
 * How alike vectors are, without a database: `import { cosine } from 'skalar/similarity'`. The addon is loaded by
 * `similarities` alone. docs/similarity.md has formulas, sources and costs.
 */
export type { GammaOptions, PolynomialOptions, SigmoidOptions } from '../kernel-parameters.ts'
export type { MatrixInput } from '../types.ts'
export { type AlignOptions, align } from './align.ts'
export { type Activation, type DenseLayer, type DenseOptions, dense } from './dense.ts'
export { type RandomFourierFeaturesOptions, randomFourierFeatures } from './fourier.ts'
export { kernelMachineFromBytes } from './kernel-machine/machine.ts'
export type { KernelMachine, TrainProgress } from './kernel-machine/types.ts'
export { laplacian, linear, polynomial, rbf, sigmoid, softmax } from './kernels.ts'
export type { Classification, LabelOf, LabelValue } from './labels.ts'
export { mahalanobis } from './mahalanobis.ts'
export {
  type SimilaritiesOptions,
  type SimilarityMetric,
  type SimilarityProgress,
  similarities,
} from './similarities.ts'
export { type TasteEntry, type TasteOptions, taste } from './taste.ts'
export { type Transform, type TransformKind, transformFromBytes } from './transform.ts'
export {
  angle,
  chebyshev,
  cosine,
  dot,
  euclidean,
  manhattan,
  norm,
  normalize,
  type Projection,
  projection,
} from './vectors.ts'
