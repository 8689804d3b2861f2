import { join } from 'node:path'
import type { Environment } from './environment.ts'

/** Where files derived from the rows under a number are kept, a folder for each space. */
export function indexFolder(environment: Environment, number: number): string {
  return join(environment.folder, 'index', String(number))
}
