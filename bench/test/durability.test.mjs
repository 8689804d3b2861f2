// Insert rates are compared "with durability on": here is what that promises, checked for every library. Rows whose
// insertion was acknowledged are found after the process was killed.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { INDEXES } from '../systems/catalogue.mjs'

const CHILD = new URL('durable-child.mjs', import.meta.url)

/** The message of a child, or what ended it if it sent none; once it is gone. */
function run(...args) {
  const child = fork(CHILD, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    let message
    child.on('message', (sent) => {
      message = sent
    })
    child.on('close', (code, signal) => resolve(message ?? signal ?? `code ${code}`))
  })
}

for (const { name } of INDEXES) {
  test(`${name} keeps what it acknowledged when its process is killed`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skalar-bench-durability-'))
    try {
      assert.equal(await run(name, 'build', folder), 'built')
      assert.equal(await run(name, 'insert', folder), 'SIGKILL')
      assert.equal(await run(name, 'find', folder), 'found 10 of 10')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
