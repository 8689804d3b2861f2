import { expectTypeOf, test } from 'vitest'
import {
  type Classification,
  type Collection,
  type KernelMachine,
  kernelMachineFromBytes,
} from '../../src/index.ts'
import type { Film } from './film.ts'

declare const films: Collection<Film, string>
declare const any: Collection
declare const bytes: Uint8Array

test('labels have the type of the field', async () => {
  const machine = await films.train({ field: 'title' })
  expectTypeOf(machine).toEqualTypeOf<KernelMachine<string>>()
  expectTypeOf(machine.labels).toEqualTypeOf<readonly string[]>()
  expectTypeOf((await films.train({ field: 'year' })).labels).toEqualTypeOf<readonly number[]>()
  expectTypeOf((await machine.classify([1, 2])).label).toBeString()
  const untyped = await any.train({ field: 'whatever' })
  expectTypeOf(untyped.labels).toEqualTypeOf<readonly (string | number | boolean | bigint)[]>()
})

test('one vector has one classification, several have several', () => {
  const machine = kernelMachineFromBytes<'a' | 'b'>(bytes)
  expectTypeOf(machine.classify(new Float32Array(2))).resolves.toEqualTypeOf<Classification<'a' | 'b'>>()
  expectTypeOf(machine.classify([[1, 2], new Float64Array(2)])).resolves.toEqualTypeOf<
    Classification<'a' | 'b'>[]
  >()
})

test('options that there are not are refused', () => {
  films.train({
    field: 'title',
    kernel: { kernel: 'laplacian', gamma: 2 },
    C: 3,
    folds: 4,
    sample: 100,
    seed: 1,
  })
  // @ts-expect-error: no path
  films.train({ field: 'titel' })
  // @ts-expect-error: no kernel
  films.train({ field: 'title', kernel: 'gauss' })
  // @ts-expect-error: no parameter of it
  films.train({ field: 'title', kernel: { kernel: 'linear', gamma: 2 } })
  // @ts-expect-error: misspelled
  films.train({ field: 'title', cost: 2 })
})
