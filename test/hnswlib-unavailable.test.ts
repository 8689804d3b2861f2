import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { runScript } from './helpers/child.ts'
import { temporaryFolder } from './helpers/database.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Prints what the test compares. */
const SCRIPT = `
import { open } from 'skalar'
const [folder] = JSON.parse(process.argv[2])
const db = await open(folder)
const flat = await db.collection('flat', { dimension: 2 })
await flat.upsert({ id: 'a', vector: [1, 2] })
const refused = await db.collection('graph', { dimension: 2, index: { engine: 'hnswlib' } }).catch((error) => error)
const names = db.collections()
await db.close()
process.stdout.write(JSON.stringify({ name: refused.name, code: refused.code, message: refused.message, names }))
`

/** An application that has the built package and its dependencies, but not hnswlib-node. */
function application(): string {
  const folder = temporaryFolder()
  const skalar = join(folder, 'node_modules', 'skalar')
  mkdirSync(skalar, { recursive: true })
  for (const part of ['package.json', 'dist', 'native/build/Release/skalar.node']) {
    cpSync(join(root, part), join(skalar, part), { recursive: true })
  }
  for (const name of ['lmdb', 'msgpackr']) {
    symlinkSync(
      realpathSync(join(root, 'node_modules', name)),
      join(folder, 'node_modules', name),
      'junction',
    )
  }
  writeFileSync(join(folder, 'main.mjs'), SCRIPT)
  return folder
}

async function outcomeIn(folder: string): Promise<{ message: string }> {
  const script = pathToFileURL(join(folder, 'main.mjs'))
  const outcome = await runScript(script, [join(folder, 'data')], { NODE_PATH: '' })
  expect(outcome).toMatchObject({ name: 'SkalarError', code: 'ENGINE_UNAVAILABLE', names: ['flat'] })
  return outcome as { message: string }
}

it('without hnswlib-node skalar works, and its engine is refused with the way to get it', async () => {
  const { message } = await outcomeIn(application())
  expect(message).toContain('not installed')
  expect(message).toContain('npm install hnswlib-node')
  expect(message).toContain('npm approve-scripts hnswlib-node')
})

it('hnswlib-node that was not compiled is told from one that is missing', async () => {
  const folder = application()
  const broken = join(folder, 'node_modules', 'hnswlib-node')
  mkdirSync(broken)
  writeFileSync(join(broken, 'index.js'), "throw new Error('Could not locate the bindings file')")
  expect((await outcomeIn(folder)).message).toContain('does not load')
})
