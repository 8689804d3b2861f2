import { SkalarError } from '../errors.ts'

/*
 * What all transforms are made of: y = f(W x + b), once or several times. Weights are float32, as they are stored; sums and
 * what goes from layer to layer are float64.
 */

/**
 * What becomes of the products of a layer. Never to change: the places are the numbers of `transform-bytes.ts`.
 * - `linear`: nothing
 * - `relu`: max(0, p)
 * - `tanh`
 * - `softmax`: exp(pᵢ) / Σ exp(pⱼ)
 * - `fourier`: all cos p, then all sin p, divided by the root of the number of products; so the result has length 1
 */
export const ACTIVATIONS = ['linear', 'relu', 'tanh', 'softmax', 'fourier'] as const

export type LayerActivation = (typeof ACTIVATIONS)[number]

/** A row of weights for each product. */
export interface Layer {
  readonly inputs: number
  readonly products: number
  /** products × inputs. */
  readonly weights: Float32Array<ArrayBuffer>
  /** Added to each product, where there is one. */
  readonly bias: Float32Array<ArrayBuffer> | undefined
  readonly activation: LayerActivation
}

/** Most weights of a layer: 1 GiB of them. */
const MOST_WEIGHTS = 2 ** 28

/** Room for the weights of a layer. @throws SkalarError `BAD_OPTION` for more than 2²⁸, `OUT_OF_MEMORY` */
export function roomForWeights(products: number, inputs: number): Float32Array<ArrayBuffer> {
  const count = products * inputs
  if (count > MOST_WEIGHTS) {
    const message = `${products} × ${inputs} are ${count} weights, more than ${MOST_WEIGHTS}: take fewer features, or vectors of fewer dimensions`
    throw new SkalarError('BAD_OPTION', message)
  }
  try {
    return new Float32Array(count)
  } catch (cause) {
    throw new SkalarError('OUT_OF_MEMORY', `there is no room for ${count} weights`, { cause })
  }
}

/** How many numbers a layer gives. */
export function outputsOf({ products, activation }: Layer): number {
  return activation === 'fourier' ? 2 * products : products
}

/** What the layers make of one vector, one after the other. */
export function applyLayers(layers: readonly Layer[], vector: Float64Array): Float64Array {
  let current = vector
  for (const layer of layers) {
    const outputs = new Float64Array(outputsOf(layer))
    multiply(layer, current, outputs)
    activate(layer, outputs)
    current = outputs
  }
  return current
}

/** Puts W x + b into the first of `outputs`. Four rows at a time, since each addition waits for the one before. */
function multiply({ inputs, products, weights, bias }: Layer, x: Float64Array, outputs: Float64Array): void {
  let j = 0
  for (; j + 3 < products; j += 4) {
    let a = bias === undefined ? 0 : bias[j]!
    let b = bias === undefined ? 0 : bias[j + 1]!
    let c = bias === undefined ? 0 : bias[j + 2]!
    let d = bias === undefined ? 0 : bias[j + 3]!
    const first = j * inputs
    const second = first + inputs
    const third = second + inputs
    const fourth = third + inputs
    for (let i = 0; i < inputs; i++) {
      const value = x[i]!
      a += weights[first + i]! * value
      b += weights[second + i]! * value
      c += weights[third + i]! * value
      d += weights[fourth + i]! * value
    }
    outputs[j] = a
    outputs[j + 1] = b
    outputs[j + 2] = c
    outputs[j + 3] = d
  }
  for (; j < products; j++) {
    let sum = bias === undefined ? 0 : bias[j]!
    for (let i = 0; i < inputs; i++) sum += weights[j * inputs + i]! * x[i]!
    outputs[j] = sum
  }
}

function activate({ activation, products }: Layer, values: Float64Array): void {
  switch (activation) {
    case 'linear':
      return
    case 'relu':
      for (let i = 0; i < values.length; i++) values[i] = Math.max(0, values[i]!)
      return
    case 'tanh':
      for (let i = 0; i < values.length; i++) values[i] = Math.tanh(values[i]!)
      return
    case 'softmax':
      softmax(values)
      return
    case 'fourier':
      fourier(values, products)
  }
}

/** Without the greatest value subtracted, exp would overflow beyond 709. */
function softmax(values: Float64Array): void {
  let greatest = -Infinity
  for (const value of values) greatest = Math.max(greatest, value)
  let sum = 0
  for (let i = 0; i < values.length; i++) {
    const power = Math.exp(values[i]! - greatest)
    values[i] = power
    sum += power
  }
  for (let i = 0; i < values.length; i++) values[i]! /= sum
}

function fourier(values: Float64Array, products: number): void {
  const scale = 1 / Math.sqrt(products)
  for (let i = 0; i < products; i++) {
    const product = values[i]!
    values[i] = scale * Math.cos(product)
    values[products + i] = scale * Math.sin(product)
  }
}
