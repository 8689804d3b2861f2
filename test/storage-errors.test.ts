import { open as openRaw } from 'lmdb'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Environment } from '../src/store/environment.ts'
import { openCollection, temporaryFolder } from './helpers/database.ts'
import { expectRejection, expectThrow, rejectionOf } from './helpers/errors.ts'

const READERS = 2_048

describe('what LMDB throws', () => {
  it('aborts the transaction it was thrown in, whoever has caught it', async () => {
    const environment = new Environment(temporaryFolder(), false, undefined)
    onTestFinished(() => environment.close())
    const tooLong = Buffer.alloc(5_000)
    const writing = environment.write(1, () => {
      environment.catalogue.putSync('next', 7)
      expectThrow(() => environment.ids.putSync([1, tooLong], Buffer.alloc(4)), 'STORAGE')
    })
    await expectRejection(writing, 'STORAGE')
    environment.refresh()
    expect(environment.catalogue.get('next')).toBeUndefined()
    await environment.write(1, () => environment.catalogue.putSync('next', 8))
    environment.refresh()
    expect(environment.catalogue.get('next')).toBe(8)
  })

  it('is told apart from what the function of a transaction throws, whatever code that has', async () => {
    const { db } = await openCollection()
    const error = Object.assign(new Error('of my own'), { code: 28 })
    const failing = db.transaction(() => {
      throw error
    })
    expect(await rejectionOf(failing)).toBe(error)
  })

  it('has a code when it is closed', async () => {
    const environment = new Environment(temporaryFolder(), false, undefined)
    await environment.close()
    expectThrow(() => environment.catalogue.get('next'), 'CLOSED')
    expectThrow(() => environment.catalogue.getKeys({ start: 'a', end: 'b' }), 'CLOSED')
    expectThrow(() => [...environment.log.getRange({ start: [1, 0, 0], end: [2, 0, 0] })], 'CLOSED')
    await expectRejection(
      environment.write(1, () => {}),
      'CLOSED',
    )
  })

  it('has a code when too many read at once', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const environment = new Environment(folder, false, undefined)
    onTestFinished(() => environment.close())
    const raw = openRaw({
      path: folder,
      noSubdir: false,
      pageSize: 16_384,
      maxDbs: 1_024,
      maxReaders: READERS,
    })
    onTestFinished(() => raw.close())
    const catalogue = raw.openDB({ name: 'catalogue', encoding: 'json' })
    const held = Array.from({ length: READERS }, (_, i) => {
      // Readers of one state share a place.
      catalogue.putSync('test', i)
      const transaction = raw.useReadTransaction()
      raw.resetReadTxn()
      return transaction
    })
    const error = expectThrow(() => environment.catalogue.get('format'), 'STORAGE')
    expect(error.message).toContain('2048')
    for (const transaction of held) transaction.done()
    expect(environment.catalogue.get('format')).toBeUndefined()
  })
})
