import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Generation } from '../generation.ts'
import { generationEntry } from './entries.ts'
import type { Environment } from './environment.ts'
import { beginFiles, collectGarbage, dropFiles, type IndexName, keepFiles, spaceFolder } from './garbage.ts'
import { readNumber } from './state.ts'

/** The only one there is so far. */
const SPACE = 0

interface CollectionKey {
  readonly identity: number
  readonly name: string
}

/** Where files derived from the rows under a number are kept, a folder for each space. */
export function indexFolder(environment: Environment, number: number): string {
  return join(environment.folder, 'index', String(number))
}

/** The files of indexes of the rows under a number of a collection, as engines know them (`engine/engine.ts`). */
export function indexFiles(environment: Environment, collection: CollectionKey, number: number) {
  return {
    writable: !environment.readOnly,
    folder: spaceFolder(environment, number, SPACE),
    makeFolder: () => makeFolder(environment, number),
    current(): Generation | undefined {
      environment.refresh()
      return indexInForce(environment, number)
    },
    async begin(name: string): Promise<boolean> {
      const begun = await environment.write(1, () => {
        if (readNumber(environment, collection.identity, collection.name) !== number) return false
        beginFiles(environment, { number, space: SPACE, name })
        return true
      })
      // No file is there without its row, also after a power cut.
      if (begun) await environment.flush()
      return begun
    },
    publish(next: Generation, predecessor: Generation | undefined): Promise<boolean> {
      return publish(environment, collection, number, next, predecessor)
    },
    async giveUp(name: string): Promise<void> {
      await environment.write(1, () => {
        if (indexInForce(environment, number)?.name !== name)
          dropFiles(environment, { number, space: SPACE, name })
      })
      await collectGarbage(environment)
    },
    tidy(): Promise<void> {
      return collectGarbage(environment)
    },
  }
}

async function makeFolder(environment: Environment, number: number): Promise<void> {
  environment.assertInPlace()
  const folders = [dirname(indexFolder(environment, number)), indexFolder(environment, number)]
  // One by one, so that the database's own folder is not made again when it is removed meanwhile.
  for (const folder of [...folders, spaceFolder(environment, number, SPACE)]) {
    await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  }
}

/** In a write transaction: names no index any more of rows that nobody needs. */
export function forgetIndex(environment: Environment, number: number): void {
  environment.catalogue.removeSync(keyOf(number))
}

/** All indexes that are in force. */
export function namedIndexes(environment: Environment): IndexName[] {
  const { catalogue } = environment
  return catalogue.getKeys({ start: 'index:', end: 'index;' }).flatMap((key) => {
    const [, number, space] = KEY.exec(key) ?? []
    const generation = generationEntry(catalogue.get(key))
    return space === undefined || generation === undefined
      ? []
      : [{ number: Number(number), space: Number(space), name: generation.name }]
  })
}

const KEY = /^index:(\d+):(\d+)$/

const keyOf = (number: number) => `index:${number}:${SPACE}`

/** As reads see it. */
export function indexInForce(environment: Environment, number: number): Generation | undefined {
  return generationEntry(environment.catalogue.get(keyOf(number)))
}

/** Rejects as `Environment.write`, and with `NOT_FOUND` when the collection was dropped. */
function publish(
  environment: Environment,
  { identity, name }: CollectionKey,
  number: number,
  next: Generation,
  predecessor: Generation | undefined,
): Promise<boolean> {
  return environment.write(1, () => {
    if (readNumber(environment, identity, name) !== number) return false
    if (indexInForce(environment, number)?.name !== predecessor?.name) return false
    if (!keepFiles(environment, { number, space: SPACE, name: next.name })) return false
    if (predecessor !== undefined) dropFiles(environment, { number, space: SPACE, name: predecessor.name })
    environment.catalogue.putSync(keyOf(number), next)
    return true
  })
}
