import type { Engine } from './engine/engine.ts'
import type { Definition } from './store/catalogue.ts'
import type { Environment } from './store/environment.ts'
import type { Replica } from './store/replica.ts'
import type { Durability } from './types.ts'

/** What queries and writes of one collection run on; shared by all handles of a process on it. */
export interface Source {
  readonly name: string
  readonly definition: Definition
  readonly environment: Environment
  readonly replica: Replica
  readonly engine: Engine
}

/** One `open()` of a database: what its handles may do, and what is under way through them. */
export interface Session {
  readonly durability: Durability
  /** @throws SkalarError `CLOSED` */
  assertOpen(): void
  /** Keeps the database from closing until the work is done. @throws SkalarError `CLOSED` */
  run<T>(work: () => Promise<T>): Promise<T>
}
