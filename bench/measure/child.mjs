// One measurement in a process of its own. The parent sends a task and gets the result, or the error, as a message.
import { indexNamed } from '../systems/catalogue.mjs'
import { measureBuild } from './build.mjs'
import { measureInsert } from './insert.mjs'
import { measureBatch, measureSingle } from './search.mjs'

const kinds = {
  build: (system, { dataset }) => measureBuild(system, dataset),
  single: (system, { dataset, curves, limits }) => measureSingle(system, dataset, curves, limits),
  batch: (system, { dataset, curves, limits }) => measureBatch(system, dataset, curves, limits),
  insert: (system, { dataset, limits }) => measureInsert(system, dataset, limits),
}

async function perform({ kind, index, setting, ...task }) {
  const Library = await indexNamed(index).load()
  return kinds[kind](new Library(setting), task)
}

function answer(message) {
  process.send(message, () => process.exit())
}

process.once('message', (task) => {
  perform(task).then(
    (result) => answer({ result }),
    (error) => answer({ error: error.message }),
  )
})
