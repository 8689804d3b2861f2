import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mapSizeOf } from '../src/store/map-size.ts'
import { temporaryFolder } from './helpers/database.ts'

const unlimited = process.platform !== 'win32'

describe.runIf(unlimited)('the map of a database', () => {
  it('is larger than any usual database, so that it need not grow while threads use it', () => {
    expect(mapSizeOf(temporaryFolder())).toBe(2 ** 36)
  })

  it('leaves room for a file that is large already', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'data.mdb')
    writeFileSync(file, '')
    // A hole, which takes no room.
    truncateSync(file, 2 ** 37)
    expect(mapSizeOf(folder)).toBe(2 ** 39)
  })
})
