import { open } from 'lmdb'
import { type IdKey, idKeys, type RowKey, rowKeys } from '../../src/store/keys.ts'

/** What a test may do to the rows of a closed database, past everything that this package checks. */
export interface RawDatabase {
  rows(name: 'state' | 'records' | 'vectors' | 'log' | 'free'): RawRows<RowKey>
  ids(): RawRows<IdKey>
  catalogue(): RawRows<string>
}

interface RawRows<K> {
  get(key: K): Buffer
  put(key: K, value: Uint8Array): void
  remove(key: K): void
}

/** Opens the LMDB environment of a closed database with the options of `src/store/environment.ts`. */
export async function editRaw(folder: string, edit: (database: RawDatabase) => void): Promise<void> {
  const root = open({
    path: folder,
    noSubdir: false,
    pageSize: 16_384,
    maxDbs: 1_024,
    maxReaders: 2_048,
    encoding: 'binary',
  })
  const table = <K>(name: string, options: object): RawRows<K> => {
    const raw = root.openDB({ name, encoding: 'binary', ...options })
    return {
      get: (key) => raw.get(key as never) as Buffer,
      put: (key, value) => void raw.putSync(key as never, value as never),
      remove: (key) => void raw.removeSync(key as never),
    }
  }
  edit({
    rows: (name) => table<RowKey>(name, { keyEncoder: rowKeys }),
    ids: () => table<IdKey>('ids', { keyEncoder: idKeys }),
    catalogue: () => table<string>('catalogue', {}),
  })
  await root.flushed
  await root.close()
}
