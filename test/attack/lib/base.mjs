import { cpSync } from 'node:fs'
import { join } from 'node:path'

/** Makes the database that rounds begin with copies of: with a graph, and as it was some changes ago. */
export async function prepareBase({ folder, children }) {
  const prepared = { base: join(folder, 'base'), older: join(folder, 'older') }
  const ending = await children.run('base', { folder: prepared.base, older: prepared.older })
  if (ending.fault() !== undefined) throw new Error(`there is no base: ${ending.fault()} ${ending.stderr}`)
  return prepared
}

/** A copy of it in the folder of a round. */
export function copyOfBase({ base }, folder) {
  const data = join(folder, 'data')
  cpSync(base, data, { recursive: true })
  return data
}

/** The operations that writers had been told of, from the ending of their process: what `verify.mjs` takes. */
export function acknowledged(ending, names) {
  return Object.fromEntries(names.map((name) => [name, ending.last(`acknowledged ${name}`) ?? 0]))
}
