import { expectTypeOf, test } from 'vitest'
import {
  type BackupResult,
  type Collection,
  type Database,
  open,
  type ProblemCode,
  type Verification,
} from '../../src/index.ts'
import type { Film } from './film.ts'

declare const db: Database
declare const films: Collection<Film, string>

test('what maintenance resolves to', () => {
  expectTypeOf(open(':memory:')).resolves.toEqualTypeOf<Database>()
  expectTypeOf(
    db.backup('copy', { onProgress: ({ done }) => done.toFixed() }),
  ).resolves.toEqualTypeOf<BackupResult>()
  expectTypeOf(films.verify({ signal: undefined })).resolves.toEqualTypeOf<Verification>()
  expectTypeOf(
    films.indexed({ onProgress: ({ done, total }) => done / total }),
  ).resolves.toEqualTypeOf<void>()
  expectTypeOf(films.rebuild()).resolves.toEqualTypeOf<void>()
})

test('problems have known codes', async () => {
  const { problems } = await films.verify()
  for (const { code } of problems) expectTypeOf(code).toEqualTypeOf<ProblemCode>()
})

test('options that there are not are refused', () => {
  // @ts-expect-error
  db.backup('copy', { compact: true })
  // @ts-expect-error
  films.verify({ sample: 10 })
  // @ts-expect-error
  films.rebuild({ M: 10 })
})
