import { setImmediate } from 'node:timers/promises'
import { open } from 'skalar'
import { hashOf, randomFrom } from './random.mjs'
import {
  DIMENSION,
  faultOf,
  matchesFault,
  metadataOf,
  nearestFault,
  nearestOf,
  recordOf,
  vectorOf,
} from './records.mjs'

/** Records of each actor: two of them are enough for a graph. */
export const EACH = 1_500
const GROUPS = 10

class OnPurpose extends Error {}

/**
 * One of several, in processes and threads, that do everything there is to do on one folder. It alone writes its own
 * records of the collection `shared` and its own collection, has a model of these, and holds every answer against it. What
 * others write it can check by itself.
 */
export class Actor {
  #folder
  #name
  #random
  #outcomes
  #database
  #shared
  #own
  /** Id → { version, note } of this actor's records in the two collections. */
  #models = { shared: new Map(), own: new Map() }
  #version = 0

  constructor(folder, name, seed, outcomes) {
    this.#folder = folder
    this.#name = name
    this.#random = randomFrom(hashOf(seed, name))
    this.#outcomes = outcomes
  }

  /** Does things at random until told to stop. */
  async run(going) {
    await this.#open()
    for (let done = 0; going(); done++) {
      const step = done < 15 ? 'upsert' : this.#random.pick(STEPS)
      await this.#outcomes.try(() => this[step](), step)
      // Whatever else runs in this thread has its turn.
      if (done % 10 === 0) await setImmediate()
    }
    await this.check()
    await this.#database.close()
  }

  async #open() {
    this.#database = await open(this.#folder, { threads: 2 })
    this.#shared = await this.#database.collection('shared', { dimension: DIMENSION })
    await this.#openOwn()
  }

  async #openOwn() {
    const index = { engine: this.#random.pick(['hnsw', 'flat']) }
    const name = `own ${this.#name}`
    const exists = this.#database.collections().includes(name)
    this.#own = await this.#database.collection(name, exists ? undefined : { dimension: DIMENSION, index })
  }

  #anyId = () => `${this.#name}:${this.#random.below(EACH)}`
  #aim = () => this.#random.pick(['shared', 'shared', 'own'])
  #handle = (aim) => (aim === 'shared' ? this.#shared : this.#own)
  #query = () => vectorOf('query', this.#random.below(1_000))

  #newRecords(count) {
    const ids = new Set(Array.from({ length: count }, this.#anyId))
    return Array.from(ids, (id) => recordOf(id, ++this.#version, this.#name))
  }

  #put(aim, records) {
    for (const { id, metadata } of records)
      this.#models[aim].set(id, { version: metadata.version, note: metadata.note })
  }

  async upsert() {
    const aim = this.#aim()
    const records = this.#newRecords(this.#random.pick([1, 10, 200]))
    await this.#handle(aim).upsert(records)
    this.#put(aim, records)
  }

  async concurrentUpserts() {
    const records = this.#newRecords(30)
    await Promise.all(records.map((record) => this.#shared.upsert(record)))
    this.#put('shared', records)
  }

  async remove() {
    const aim = this.#aim()
    const ids = [...new Set(Array.from({ length: this.#random.pick([1, 20, 100]) }, this.#anyId))]
    const count = await this.#handle(aim).delete(ids)
    const expected = ids.filter((id) => this.#models[aim].delete(id)).length
    this.#outcomes.check(count === expected ? undefined : 'wrong: deleted', () => `${count}, not ${expected}`)
  }

  #members(aim, group) {
    return [...this.#models[aim]].filter(([id]) => hashOf(id) % GROUPS === group)
  }

  async removeByFilter() {
    if (!this.#random.chance(0.2)) return
    const aim = this.#aim()
    const group = this.#random.below(GROUPS)
    const members = this.#members(aim, group)
    const count = await this.#handle(aim).delete({ filter: { owner: this.#name, group } })
    for (const [id] of members) this.#models[aim].delete(id)
    this.#outcomes.check(
      count === members.length ? undefined : 'wrong: deleted by filter',
      () => `${count} ${members.length}`,
    )
  }

  async updateByFilter() {
    const aim = this.#aim()
    const group = this.#random.below(GROUPS)
    const note = ++this.#version
    const members = this.#members(aim, group)
    const count = await this.#handle(aim).update({ filter: { owner: this.#name, group } }, { note })
    for (const [, value] of members) value.note = note
    this.#outcomes.check(
      count === members.length ? undefined : 'wrong: updated by filter',
      () => `${count} ${members.length}`,
    )
  }

  async transaction() {
    const records = this.#newRecords(20)
    const ids = [this.#anyId(), this.#anyId()].filter((id) => !records.some((record) => record.id === id))
    const fails = this.#random.chance(0.3)
    const write = this.#database.transaction((tx) => {
      tx.upsert(this.#shared, records)
      tx.delete(this.#shared, ids)
      if (fails) throw new OnPurpose()
      tx.upsert(this.#own, records.slice(0, 5))
    })
    try {
      await write
    } catch (error) {
      if (!(error instanceof OnPurpose)) throw error
    }
    if (fails) return
    this.#put('shared', records)
    for (const id of ids) this.#models.shared.delete(id)
    this.#put('own', records.slice(0, 5))
  }

  async clear() {
    if (!this.#random.chance(0.2)) return
    const count = await this.#own.clear()
    const expected = this.#models.own.size
    this.#models.own.clear()
    this.#outcomes.check(count === expected ? undefined : 'wrong: cleared', () => `${count}, not ${expected}`)
  }

  async drop() {
    if (!this.#random.chance(0.1)) return
    await this.#database.drop(`own ${this.#name}`)
    this.#models.own.clear()
    await this.#openOwn()
  }

  async reopen() {
    if (!this.#random.chance(0.2)) return
    await this.#database.close()
    await this.#open()
  }

  async get() {
    const aim = this.#aim()
    const id = this.#anyId()
    this.#checkRecord(aim, id, this.#handle(aim).get(id, { includeVector: true }))
  }

  #checkRecord(aim, id, record) {
    const expected = this.#models[aim].get(id)
    if ((record === undefined) !== (expected === undefined)) {
      this.#outcomes.check(
        record === undefined ? 'lost: a record' : 'wrong: a record that was deleted',
        `${aim} ${id}`,
      )
    } else if (record !== undefined) {
      const { version, note } = expected
      const same =
        JSON.stringify(record.metadata) === JSON.stringify(metadataOf(id, version, this.#name, note))
      this.#outcomes.check(same ? faultOf(record) : 'wrong: an older record', `${aim} ${id}`)
    }
  }

  /** The k nearest of this actor's records, by the model. */
  #nearest(aim, vector, k) {
    const versions = Array.from(this.#models[aim], ([id, { version }]) => [id, version])
    return nearestOf(versions, vector, k)
  }

  #checkMatches(matches, vector, expected, what) {
    const detail = () => `${what}: ${JSON.stringify(matches.map(({ id }) => id))}, not ${expected}`
    this.#outcomes.check(matchesFault(matches, vector), detail)
    const fault = nearestFault(matches, expected)
    this.#outcomes.check(fault && `${fault}: ${what}`, detail)
  }

  async exactQuery() {
    const aim = this.#aim()
    const vector = this.#query()
    const options = { vector, k: this.#random.pick([1, 10, 100]), filter: { owner: this.#name }, exact: true }
    const handle = this.#handle(aim)
    const matches = this.#random.chance(0.5) ? await handle.query(options) : handle.querySync(options)
    this.#checkMatches(matches, vector, this.#nearest(aim, vector, options.k), 'exact query')
  }

  async thresholdQuery() {
    const vector = this.#query()
    const options = { vector, k: 10_000, filter: { owner: this.#name }, threshold: 0.3, exact: true }
    const expected = this.#nearest('shared', vector, Infinity).filter(([, score]) => score >= 0.3)
    this.#checkMatches(await this.#shared.query(options), vector, expected, 'threshold query')
  }

  /** What others change meanwhile is not known, but every match tells whether it is right. */
  async graphQueries() {
    const vectors = Array.from({ length: 10 }, this.#query)
    const answers = await this.#shared.queryMany(
      vectors.map((vector) => ({ vector })),
      { k: 20 },
    )
    for (const [i, matches] of answers.entries())
      this.#outcomes.check(matchesFault(matches, vectors[i]), 'graph query')
  }

  async graphRecall() {
    let found = 0
    let of = 0
    for (let i = 0; i < 20; i++) {
      const vector = this.#query()
      const expected = this.#nearest('own', vector, 10)
      const matches = await this.#own.query({ vector, k: 10 })
      const ids = new Set(matches.map(({ id }) => id))
      of += expected.length
      found += expected.filter(([id]) => ids.has(id)).length
    }
    this.#outcomes.check(found >= 0.85 * of ? undefined : 'wrong: recall', `${found} of ${of}`)
  }

  async paging() {
    const vector = this.#query()
    const expected = this.#nearest('shared', vector, 300)
    const matches = []
    let after
    while (matches.length < expected.length) {
      const page = await this.#shared.query({
        vector,
        k: 50,
        filter: { owner: this.#name },
        ...(after && { after }),
      })
      if (page.length === 0) break
      matches.push(...page)
      after = { id: page.at(-1).id, score: page.at(-1).score }
    }
    this.#checkMatches(matches.slice(0, expected.length), vector, expected, 'paging')
  }

  /** All that is there, against the model. */
  async check() {
    for (const aim of ['shared', 'own']) {
      const seen = new Set()
      const records = this.#handle(aim).records({ filter: { owner: this.#name }, includeVector: true })
      for await (const record of records) {
        seen.add(record.id)
        this.#checkRecord(aim, record.id, record)
      }
      const lost = [...this.#models[aim].keys()].filter((id) => !seen.has(id))
      this.#outcomes.check(
        lost.length > 0 ? 'lost: a record in records()' : undefined,
        () => `${aim} ${lost}`,
      )
    }
    const size = this.#own.size
    this.#outcomes.check(size === this.#models.own.size ? undefined : 'wrong: size', () => `${size}`)
  }
}

const WRITES = ['upsert', 'concurrentUpserts', 'remove', 'removeByFilter', 'updateByFilter', 'transaction']
const MOVES = ['clear', 'drop', 'reopen']
const READS = ['get', 'exactQuery', 'thresholdQuery', 'graphQueries', 'graphRecall', 'paging', 'check']
const STEPS = [...WRITES, ...MOVES, ...READS]
