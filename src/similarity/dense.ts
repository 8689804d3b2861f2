import { SkalarError } from '../errors.ts'
import { checkOptions, enumOption, integerOption } from '../options.ts'
import type { MatrixInput, VectorInput } from '../types.ts'
import { isArray } from '../validate/built-in.ts'
import { describe } from '../validate/describe.ts'
import type { Layer } from './layers.ts'
import { matrixOperand } from './operand.ts'
import { type Transform, transformOf } from './transform.ts'

/** What a neuron makes of its dot product p: `linear` p, `relu` max(0, p), `tanh`; `softmax` exp(p) over the sum of the layer's. */
export type Activation = 'linear' | 'relu' | 'tanh' | 'softmax'

const ACCEPTED: readonly Activation[] = ['linear', 'relu', 'tanh', 'softmax']

export interface DenseLayer {
  /**
   * A row for each neuron, with a weight for each of its inputs: an array of rows, or a typed array row by row. So PyTorch has
   * `nn.Linear.weight`; the kernel of a `Dense` layer of Keras is the transpose of it.
   */
  weights: MatrixInput
  /** A number for each neuron, added to its dot product. Default: none. */
  bias?: VectorInput | undefined
  /** Default `linear`. */
  activation?: Activation | undefined
}

export interface DenseOptions {
  /** How many inputs the first layer has. Needed where its weights are a typed array; else its rows tell. */
  columns?: number | undefined
}

/**
 * A network of fully connected layers: y = f(W x + b), from layer to layer. A neuron is a dot product of its weights with what
 * comes in, and an activation. It is applied, not trained: weights come from elsewhere. They are kept as float32.
 *
 * Costs a multiplication for each weight a vector.
 *
 * @throws SkalarError `BAD_OPTION`; `BAD_VECTOR` for weights that are no finite float32 numbers; `DIMENSION_MISMATCH` where a layer
 * takes another number of inputs than the one before has neurons, or has another number of neurons than of biases. `path` names
 * the place: `layers[1].weights[3]`
 */
export function dense(layers: readonly DenseLayer[], options?: DenseOptions): Transform {
  if (!isArray(layers) || layers.length === 0) {
    const message = `layers must be an array of one layer or more, got ${isArray(layers) ? 'none' : describe(layers)}`
    throw new SkalarError('BAD_OPTION', message, { path: 'layers' })
  }
  const { columns } = checkOptions(options, ['columns'], 'options')
  let inputs = integerOption(columns, 'options.columns', { min: 1, max: 65_535 })
  const checked: Layer[] = []
  for (let i = 0; i < layers.length; i++) {
    const layer = layerOf(layers[i], inputs, `layers[${i}]`)
    checked.push(layer)
    inputs = layer.products
  }
  return transformOf('dense', checked)
}

function layerOf(given: unknown, expected: number | undefined, path: string): Layer {
  const known = ['weights', 'bias', 'activation'] as const
  const { weights, bias, activation } = checkOptions(given, known, path)
  const { data, rows, columns } = matrixOperand(weights, expected, `${path}.weights`, Float32Array)
  return {
    inputs: columns,
    products: rows,
    weights: data,
    bias: bias === undefined ? undefined : biasOf(bias, rows, `${path}.bias`),
    activation: enumOption(activation, `${path}.activation`, ACCEPTED, 'linear'),
  }
}

function biasOf(given: unknown, neurons: number, path: string): Float32Array<ArrayBuffer> {
  // As a matrix of one column: a vector in float32.
  const { data } = matrixOperand(given, 1, path, Float32Array)
  if (data.length === neurons) return data
  const message = `${path} has ${data.length} elements, but the layer has ${neurons} neurons, the rows of its weights: pass one for each`
  throw new SkalarError('DIMENSION_MISMATCH', message, { path })
}
