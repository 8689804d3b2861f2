import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createWhole } from '../src/store/new-files.ts'
import { temporaryFolder } from './helpers/database.ts'

const bytes = Buffer.from('the bytes of a new file')

function refusing(code: string) {
  return () => {
    throw Object.assign(new Error(code), { code })
  }
}

describe('a file that is made whole', () => {
  it.each(['EPERM', 'ENOTSUP', 'EMLINK'])('is made where hard links are refused with %s, too', (code) => {
    const folder = temporaryFolder()
    createWhole(folder, 'data.mdb', bytes, refusing(code))
    expect(readFileSync(join(folder, 'data.mdb'))).toEqual(bytes)
    expect(readdirSync(folder)).toEqual(['data.mdb'])
  })

  it.each([undefined, 'EPERM'])('leaves one alone that is there (links refused with %s)', (code) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'data.mdb'), 'another')
    createWhole(folder, 'data.mdb', bytes, code === undefined ? undefined : refusing(code))
    expect(readFileSync(join(folder, 'data.mdb'), 'utf8')).toBe('another')
    expect(readdirSync(folder)).toEqual(['data.mdb'])
  })

  it('tells what else fails, and leaves nothing behind', () => {
    const folder = temporaryFolder()
    expect(() => createWhole(folder, 'data.mdb', bytes, refusing('EIO'))).toThrow('EIO')
    expect(readdirSync(folder)).toEqual([])
  })
})
