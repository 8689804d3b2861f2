import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  kernelMachineFromBytes,
  randomFourierFeatures,
  SkalarError,
  transformFromBytes,
} from '../../src/index.ts'
import { decodeMachine, encodeMachine } from '../../src/similarity/kernel-machine/machine-bytes.ts'
import { expectThrow, thrownBy } from '../helpers/errors.ts'
import { machineOfShape, shape } from './machines.ts'

const EXAMPLE = machineOfShape({
  kernel: { name: 'polynomial', measure: 'polynomial', parameters: { gamma: 0.5, coef0: 1, degree: 2 } },
  dimension: 3,
  counts: [2, 1, 3],
  seed: 1,
})

const label = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\ud800', 'naïve', '1', 'true'),
  fc.double({ noNaN: true }).map((number) => number + 0),
  fc.boolean(),
  fc.bigInt(),
)

/** With the checksum that they should have. */
function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(8, crc32(bytes.subarray(12)), true)
  return bytes
}

it('comes back from its bytes, bit for bit, with labels of any kind', () => {
  const property = fc.property(
    shape,
    fc.uniqueArray(label, { minLength: 6, maxLength: 6, comparator: 'SameValueZero' }),
    (drawn, labels) => {
      const parts = { ...machineOfShape(drawn), labels: labels.slice(0, drawn.counts.length) }
      const bytes = encodeMachine(parts)
      const { kernel, ...rest } = decodeMachine(bytes)
      expect(rest).toEqual({ ...parts, kernel: undefined, labels: parts.labels.map((each) => each) } as never)
      expect(kernel).toEqual(parts.kernel)
      expect(encodeMachine(decodeMachine(bytes))).toEqual(bytes)
    },
  )
  fc.assert(property)
})

it('takes its bytes from the midst of others, and copies them', () => {
  const bytes = encodeMachine(EXAMPLE)
  const within = new Uint8Array(bytes.length + 5)
  within.set(bytes, 3)
  const machine = kernelMachineFromBytes(within.subarray(3, 3 + bytes.length))
  within.fill(0)
  expect(machine.toBytes()).toEqual(bytes)
  expect(kernelMachineFromBytes(Buffer.from(bytes)).toBytes()).toEqual(bytes)
})

it('is refused when any bit of its bytes is another, or some are missing', () => {
  const bytes = encodeMachine(EXAMPLE)
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const damaged = bytes.slice()
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    const code = bit >= 48 && bit < 64 ? 'UNSUPPORTED_VERSION' : 'CORRUPTED'
    expectThrow(() => kernelMachineFromBytes(damaged), code, { path: 'bytes' })
  }
  for (let length = 0; length < bytes.length; length++) {
    expectThrow(() => kernelMachineFromBytes(bytes.slice(0, length)), 'CORRUPTED', { path: 'bytes' })
  }
  const longer = new Uint8Array(bytes.length + 4)
  longer.set(bytes)
  expectThrow(() => kernelMachineFromBytes(sealed(longer)), 'CORRUPTED', { path: 'bytes' })
})

it('is refused, or whole, whatever has a checksum that is right', async () => {
  const bytes = encodeMachine(EXAMPLE)
  const change = fc.record({ at: fc.integer({ min: 12, max: bytes.length - 1 }), to: fc.nat(255) })
  const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
    const damaged = bytes.slice()
    for (const { at, to } of changes) damaged[at] = to
    let machine: ReturnType<typeof kernelMachineFromBytes>
    try {
      machine = kernelMachineFromBytes(sealed(damaged))
    } catch (error) {
      expect(error).toMatchObject({ name: 'SkalarError', code: 'CORRUPTED', path: 'bytes' })
      return
    }
    expect(machine.toBytes()).toEqual(damaged)
    const outcome = await machine
      .classify(new Float32Array(machine.dimension).fill(1))
      .catch((error) => error)
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(SkalarError)
    else expect(outcome.probabilities).toHaveLength(machine.labels.length)
  })
  await fc.assert(property, { numRuns: 2000 })
})

it('is neither a transform nor anything else', () => {
  const transform = randomFourierFeatures({ dimension: 2, features: 4 }).toBytes()
  expectThrow(() => kernelMachineFromBytes(transform), 'CORRUPTED', { path: 'bytes' })
  expectThrow(() => transformFromBytes(encodeMachine(EXAMPLE)), 'CORRUPTED', { path: 'bytes' })
  for (const value of [undefined, null, 'bytes', [1, 2], new Float32Array(3), new ArrayBuffer(8)]) {
    expect(thrownBy(() => kernelMachineFromBytes(value as never))).toMatchObject({
      code: 'BAD_OPTION',
      path: 'bytes',
    })
  }
})
