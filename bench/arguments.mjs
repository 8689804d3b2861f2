import { parseArgs } from 'node:util'
import { DATASETS } from './data/datasets.mjs'
import { PROFILES } from './plan.mjs'
import { INDEXES } from './systems/catalogue.mjs'

export const HELP = `Usage: npm run bench -- [options]

  --quick             small data, few efforts; at most five minutes
  --only a,b          indexes whose name begins with one of these, such as skalar or "usearch f16"
  --data a,b          of ${Object.keys(DATASETS).join(', ')}
  --rows n            at most so many rows of each dataset
  --repetitions n     of each search
  --minutes n         end after so long, and tell what was left out
  --out folder        where results go
  --help
`

const list = (text) => text?.split(',').map((name) => name.trim())

function positive(text, name) {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, got ${text}`)
  return value
}

function chosenIndexes(only) {
  if (only === undefined) return INDEXES
  const unknown = only.find((prefix) => !INDEXES.some(({ name }) => name.startsWith(prefix)))
  if (unknown !== undefined) {
    throw new Error(`--only ${unknown} is none of ${INDEXES.map(({ name }) => name).join(', ')}`)
  }
  return INDEXES.filter(({ name }) => only.some((prefix) => name.startsWith(prefix)))
}

function chosenDatasets(wanted, profile, mostRows = Infinity) {
  const names = wanted ?? Object.keys(profile.datasets)
  return names.map((name) => {
    if (!(name in DATASETS)) throw new Error(`--data ${name} is none of ${Object.keys(DATASETS).join(', ')}`)
    // A dataset that the profile leaves out can still be asked for.
    const { rows } = DATASETS[name]
    const plan = profile.datasets[name] ?? { rows, ...PROFILES.full.datasets[name], builds: ['all'] }
    return { name, ...plan, rows: Math.min(plan.rows, mostRows) }
  })
}

/**
 * The plan of a run from the command line; undefined if only help is asked for.
 *
 * @throws Error that says which argument is wrong
 */
export function planFrom(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      data: { type: 'string' },
      rows: { type: 'string' },
      repetitions: { type: 'string' },
      minutes: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const kind = values.quick ? 'quick' : 'full'
  const profile = PROFILES[kind]
  const repetitions = positive(values.repetitions, 'repetitions')
  const datasets = chosenDatasets(list(values.data), profile, positive(values.rows, 'rows'))
  return {
    kind,
    profile,
    minutes: positive(values.minutes, 'minutes') ?? profile.minutes,
    indexes: chosenIndexes(list(values.only)),
    datasets: datasets.map((plan) => ({ ...plan, ...(repetitions && { repetitions }) })),
    out: values.out,
  }
}
