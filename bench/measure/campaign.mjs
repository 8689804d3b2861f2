// All measurements on one dataset, in an order that treats the systems alike.
import { mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { CACHE } from '../data/cache.mjs'
import { Judge } from './judge.mjs'
import { runInChild, TimeUp } from './processes.mjs'
import { WARM_UP } from './search.mjs'

const K = 10
const CORES = availableParallelism()
const OUT_OF_TIME = 'out of time'
const THREADS = { one: 1, all: CORES }

/** What is known about one index on one dataset: samples, as they come, and what kept others from being taken. */
class Record {
  constructor(index, dataset) {
    this.index = index
    this.parameters = index.parametersFor(dataset.dimension)
    this.builds = { one: [], all: [] }
    this.singles = []
    this.batches = []
    this.insert = undefined
    /** { task, reason }: what was not tried, or not finished in time. */
    this.skipped = []
    /** What failed, as text. */
    this.problems = []
    this.built = false
  }
}

export class Campaign {
  #dataset
  #profile
  #deadline
  #folder
  #judge
  #records

  /**
   * @param dataset as `dataset()` gives it
   * @param indexes of the catalogue
   * @param profile as in `plan.mjs`
   * @param {{ left(): number }} deadline seconds until the whole run must be over
   */
  constructor(dataset, indexes, profile, deadline) {
    this.#dataset = dataset
    this.#profile = profile
    this.#deadline = deadline
    this.#folder = join(CACHE, `indexes-${process.pid}`)
    this.#judge = new Judge(dataset)
    this.#records = indexes.map((index) => new Record(index, dataset))
  }

  /** @returns {Promise<Record[]>} */
  async run() {
    const { buildRepetitions, repetitions } = this.#profile
    try {
      for (let i = 0; i < buildRepetitions; i++) await this.#each(i, (record) => this.#build(record))
      for (let i = 0; i < repetitions; i++) await this.#each(i, (record) => this.#search(record))
      await this.#each(0, (record) => this.#insert(record))
    } finally {
      this.#judge.close()
      rmSync(this.#folder, { recursive: true, force: true })
    }
    return this.#records
  }

  /** Forwards and backwards in turn, so that drift of the machine meets all alike. */
  async #each(repetition, measure) {
    const order = repetition % 2 === 0 ? this.#records : this.#records.toReversed()
    for (const record of order) await measure(record)
  }

  /** The index that is searched afterwards is the one built last. */
  async #build(record) {
    const { index } = record
    if (!index.metrics.includes(this.#dataset.metric)) {
      record.skipped.push({ task: 'all', reason: `its metrics do not include "${this.#dataset.metric}"` })
      return
    }
    const wanted = this.#profile.builds.filter((threads) => index.threads || threads === 'one')
    for (const threads of wanted.length > 0 ? wanted : ['one']) {
      const folder = this.#folderOf(record)
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder, { recursive: true })
      const result = await this.#measure(record, 'build', { threads })
      record.built = result !== undefined
      if (result) record.builds[threads].push(result)
    }
  }

  async #search(record) {
    if (!record.built) return
    const single = await this.#measure(record, 'single', { threads: 'one' })
    if (single) record.singles.push({ ...single, points: this.#judged(record, single.points) })
    const batch = await this.#measure(record, 'batch', { threads: 'all' })
    if (batch) record.batches.push({ points: this.#judged(record, batch.points) })
  }

  async #insert(record) {
    if (!record.built) return
    record.insert = await this.#measure(record, 'insert', { threads: 'all' })
  }

  #judged(record, points) {
    return points.map(({ answers, ...point }) => {
      const { scores } = record.index.curves.find(({ name }) => name === point.curve)
      return { ...point, queries: answers.length, ...this.#judge.judge(answers, WARM_UP, K, scores) }
    })
  }

  #folderOf(record) {
    return join(this.#folder, record.index.name.replace(/\W+/g, '-'))
  }

  /** The result of one child process; undefined, and a note in the record, if there is none. */
  async #measure(record, kind, { threads }) {
    const { index, parameters, problems, skipped } = record
    const what = kind === 'build' ? `build (${threads})` : kind
    const left = this.#deadline.left()
    if (left <= 0) {
      skipped.push({ task: what, reason: OUT_OF_TIME })
      return undefined
    }
    const { truth: _, ...dataset } = this.#dataset
    const { secondsPerPoint, queryLimit, thin } = this.#profile
    const { metric, dimension, rows } = dataset
    const folder = this.#folderOf(record)
    const setting = { folder, dimension, metric, rows, k: K, threads: THREADS[threads], parameters }
    const curves = index.curves.map(({ name, efforts }) => ({ name, efforts: thin(efforts) }))
    const task = {
      kind,
      index: index.name,
      setting,
      dataset,
      curves,
      limits: { secondsPerPoint, queryLimit },
    }
    const start = performance.now()
    try {
      return await runInChild(task, { pinned: threads === 'one', seconds: left })
    } catch (error) {
      if (error instanceof TimeUp) skipped.push({ task: what, reason: OUT_OF_TIME })
      else problems.push(`${what} failed: ${error.message}`)
      return undefined
    } finally {
      const seconds = ((performance.now() - start) / 1000).toFixed(1)
      console.error(`${this.#dataset.name}: ${index.name}: ${what}: ${seconds} s`)
    }
  }
}
