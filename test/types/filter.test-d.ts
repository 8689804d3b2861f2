import { test } from 'vitest'
import type { Filter } from '../../src/index.ts'
import { type Film, films, numbered, untyped } from './film.ts'

/** Accepts filters of films; named so that each line below is a filter and nothing else. */
declare function film(filter: Filter<Film, string>): void

test('values are compared with values of their type', () => {
  film({ title: 'A', year: 1999, colour: true, views: 5n, seen: new Date(), rating: null })
  film({ year: { $gt: 1990, $lte: 2000, $ne: 1995, $in: [1991, null], $nin: [1992], $exists: true } })
  film({ seen: { $gte: new Date() }, title: { $gt: 'M' }, views: { $lt: 10n } })
  film({ year: { $not: { $gt: 1990 } } })
  // @ts-expect-error: a number
  film({ year: '1999' })
  // @ts-expect-error: a number
  film({ year: { $gt: '1990' } })
  // @ts-expect-error: numbers
  film({ year: { $in: ['1990'] } })
  // @ts-expect-error: a Date
  film({ seen: { $gt: 5 } })
  // @ts-expect-error: booleans have no order
  film({ colour: { $gt: false } })
  // @ts-expect-error: true or false
  film({ year: { $exists: 1 } })
  // @ts-expect-error: no operator
  film({ year: { $near: 3 } })
})

test('arrays are compared by their elements', () => {
  film({ genres: 'drama' })
  film({ genres: { $all: ['drama', 'comedy'], $nin: ['horror'] } })
  // @ts-expect-error: one element
  film({ genres: ['drama'] })
  // @ts-expect-error: strings
  film({ genres: { $all: [1] } })
})

test('paths go through objects and arrays', () => {
  film({ 'studio.name': 'S', 'studio.address.city': { $in: ['X'] } })
  film({ 'cast.name': 'N', 'cast.roles.character': { $ne: 'C' } })
  film({ 'studio.address': { $exists: false }, thumbnail: Uint8Array.of(1) })
  // @ts-expect-error: no such path
  film({ director: 'x' })
  // @ts-expect-error: no such path
  film({ 'studio.adress.city': 'x' })
  // @ts-expect-error: a string
  film({ 'studio.address.city': 3 })
  // @ts-expect-error: dates have no paths
  film({ 'seen.getTime': 3 })
})

test('logic stands beside fields, and may be nested', () => {
  film({})
  film({ $and: [{ year: 1 }, { $or: [{ title: 'A' }, { $not: { colour: true } }] }], title: 'B' })
  // @ts-expect-error: an array
  film({ $and: { year: 1 } })
  // @ts-expect-error: no such path, however deep
  film({ $or: [{ $and: [{ director: 'x' }] }] })
  // @ts-expect-error: no operator beside fields
  film({ $nor: [{ year: 1 }] })
})

test('$id has the type of the ids', () => {
  films.count({ filter: { $id: { $in: ['a'] } } })
  numbered.count({ filter: { $id: { $gt: 5 } } })
  // @ts-expect-error: strings
  films.count({ filter: { $id: 5 } })
  // @ts-expect-error: numbers
  numbered.count({ filter: { $id: 'a' } })
})

test('of an untyped collection take any path', () => {
  untyped.count({ filter: { anything: 1, 'at.all': { $gt: new Date() }, $or: [{ x: 'y' }] } })
})

test('are taken by every method that has them', () => {
  const filter = { year: { $gte: 1990 } } as const
  const wrong = { year: '1990' }
  films.query({ vector: [1], filter })
  films.queryMany([{ vector: [1], filter }], { filter })
  films.records({ filter })
  films.explain({ vector: [1], filter })
  // @ts-expect-error: a number
  films.query({ vector: [1], filter: wrong })
  // @ts-expect-error: a number
  films.queryMany([{ vector: [1], filter: wrong }])
  // @ts-expect-error: a number
  films.records({ filter: wrong })
})
