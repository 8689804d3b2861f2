import type { Collection, Database } from '../../src/index.ts'

/** Metadata with every kind of value that the types treat apart. */
export interface Film {
  title: string
  year: number
  genres: string[]
  seen?: Date
  rating?: number | null
  colour: boolean
  views: bigint
  cast: { name: string; roles: { character: string }[] }[]
  studio: { name: string; address?: { city: string } }
  thumbnail: Uint8Array
}

/** An intersection of object types as one, which is how its reader sees it. */
export type Flat<T> = { [K in keyof T]: T[K] }

export declare const db: Database
export declare const films: Collection<Film, string>
export declare const numbered: Collection<Film, number>
export declare const untyped: Collection
