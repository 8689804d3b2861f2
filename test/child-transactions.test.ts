import { open as openRaw } from 'lmdb'
import { expect, it, onTestFinished, vi } from 'vitest'
import { hasMemory } from '../src/native.ts'
import { ChildTransactions } from '../src/store/child-transactions.ts'
import { Environment } from '../src/store/environment.ts'
import { temporaryFolder } from './helpers/database.ts'
import { expectRejection, rejectionOf } from './helpers/errors.ts'

vi.mock('../src/native.ts', async (original) => {
  const native = await original<typeof import('../src/native.ts')>()
  return { ...native, hasMemory: vi.fn(native.hasMemory) }
})

interface RawEnvironment {
  commitTxn(): boolean
  abortTxn(): void
}

it('a transaction that LMDB does not commit rejects with what it says, and alone', async () => {
  const root = openRaw<number, string>({ path: temporaryFolder() })
  onTestFinished(() => root.close())
  const { env } = root as unknown as { env: RawEnvironment }
  const { commitTxn, abortTxn } = env
  const failure = Object.assign(new Error('Cannot allocate memory'), { code: 12 })
  let fails = true
  Object.defineProperty(env, 'commitTxn', {
    configurable: true,
    value: () => {
      if (!fails) return commitTxn.call(env)
      fails = false
      // As LMDB does: what cannot be committed is gone.
      abortTxn.call(env)
      throw failure
    },
  })
  new ChildTransactions(root)
  const failing = root.childTransaction(() => root.put('a', 1))
  const other = root.childTransaction(() => root.put('b', 2))
  expect(await rejectionOf(failing)).toBe(failure)
  await other
  expect([root.get('a'), root.get('b')]).toEqual([undefined, 2])
})

it('a transaction for which there is no memory is not begun', async () => {
  const environment = new Environment(temporaryFolder(), false, undefined)
  onTestFinished(() => environment.close())
  const action = vi.fn()
  vi.mocked(hasMemory).mockReturnValueOnce(false)
  const failing = environment.write(1, action)
  const other = environment.write(1, () => environment.catalogue.putSync('b', 2))
  await expectRejection(failing, 'OUT_OF_MEMORY')
  await other
  expect(action).not.toHaveBeenCalled()
  environment.refresh()
  expect(environment.catalogue.get('b')).toBe(2)
})
