/*
 * Attention as a way to read from a memory: sentences are stored with a number each, and questions attend to them. Draws which sentence
 * each question looked at, and prints the number that it read: the mean of all numbers, weighted by attention.
 *
 *   node examples/attention/heat.mjs      writes heat.svg beside this file
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'skalar'
import { dimension, loadEncoder } from '../films/encoder.mjs'
import { heatMap } from '../svg.mjs'

/** Low, so that the nearest sentence outweighs the others: logits are q·k / (√512 · temperature). */
const TEMPERATURE = 0.002

const MEMORY = [
  ['The library opens at nine in the morning.', 9],
  ['The swimming pool closes at eight in the evening.', 20],
  ['A ticket for the museum costs twelve euros.', 12],
  ['The train to Vienna leaves from platform four.', 4],
  ['There are three bakeries in the village.', 3],
  ['The tower is sixty metres high.', 60],
  ['The lake is twenty metres deep.', 20],
  ['The old bridge was built ninety years ago.', 90],
]

const QUESTIONS = [
  'When can I borrow books?',
  'Until when can I go swimming?',
  'What does it cost to see the museum?',
  'Where does the train go from?',
  'Where can I buy bread?',
  'How tall is the tower?',
  'How deep is the water of the lake?',
  'How old is the bridge?',
]

const encoder = await loadEncoder()
const folder = mkdtempSync(join(tmpdir(), 'skalar-attention-'))
const db = await open(folder)
try {
  const memory = await db.collection('memory', { dimension, metric: 'dot' })
  for (const [sentence, number] of MEMORY) {
    await memory.upsert({ id: sentence, vector: await encoder.embed(sentence), metadata: { number } })
  }
  const queries = []
  for (const question of QUESTIONS) queries.push(await encoder.embed(question))
  const { outputs, weights } = await memory.attend({
    queries,
    values: 'number',
    temperature: TEMPERATURE,
    exact: true,
    k: MEMORY.length,
  })

  const values = weights.map((list) => {
    const byId = new Map(list.map(({ id, weight }) => [id, weight]))
    return MEMORY.map(([sentence]) => byId.get(sentence) ?? 0)
  })
  QUESTIONS.forEach((question, i) => {
    const most = weights[i][0]
    console.log(
      `${question.padEnd(38)} ${outputs[i][0].toFixed(1).padStart(7)}   ${(100 * most.weight).toFixed(0)} % of “${most.id}”`,
    )
  })
  const map = heatMap({
    title: 'Attention of questions (rows) to stored sentences (columns)',
    rows: QUESTIONS,
    columns: MEMORY.map(([sentence]) => sentence),
    values,
    rowRoom: 260,
    columnRoom: 240,
  })
  writeFileSync(new URL('heat.svg', import.meta.url), map)
} finally {
  await db.close()
  rmSync(folder, { recursive: true })
}
