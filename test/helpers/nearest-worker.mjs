/*
 * A worker thread: for some of the queries the `count` rows of greatest cosine, nearest first, computed in float64. Eight
 * queries share a pass over the rows, since reading them takes longest.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { base, queries, dimension, count, from, to } = workerData
const GROUP = 8

const rowNorms = normsOf(base)
const queryNorms = normsOf(queries)
const answers = []
for (let first = from; first < to; first += GROUP)
  answers.push(...nearest(first, Math.min(GROUP, to - first)))
parentPort.postMessage(answers)

function normsOf(vectors) {
  return Float64Array.from({ length: vectors.length / dimension }, (_, row) => {
    let sum = 0
    for (let i = row * dimension; i < (row + 1) * dimension; i++) sum += vectors[i] * vectors[i]
    return Math.sqrt(sum)
  })
}

function nearest(first, size) {
  const interleaved = new Float64Array(GROUP * dimension)
  for (let q = 0; q < size; q++) {
    for (let i = 0; i < dimension; i++) interleaved[i * GROUP + q] = queries[(first + q) * dimension + i]
  }
  const lists = Array.from({ length: size }, () => [])
  const dots = new Float64Array(GROUP)
  for (let row = 0; row < rowNorms.length; row++) {
    dotsOf(row, interleaved, dots)
    for (let q = 0; q < size; q++) offer(lists[q], row, dots[q] / (rowNorms[row] * queryNorms[first + q]))
  }
  return lists
}

function dotsOf(row, interleaved, dots) {
  let [a, b, c, d, e, f, g, h] = [0, 0, 0, 0, 0, 0, 0, 0]
  const begin = row * dimension
  for (let i = 0; i < dimension; i++) {
    const component = base[begin + i]
    const at = i * GROUP
    a += component * interleaved[at]
    b += component * interleaved[at + 1]
    c += component * interleaved[at + 2]
    d += component * interleaved[at + 3]
    e += component * interleaved[at + 4]
    f += component * interleaved[at + 5]
    g += component * interleaved[at + 6]
    h += component * interleaved[at + 7]
  }
  dots.set([a, b, c, d, e, f, g, h])
}

/** Keeps the list sorted; hardly any row gets past its end. */
function offer(list, row, score) {
  if (list.length === count && score <= list[count - 1].score) return
  let place = list.length
  while (place > 0 && list[place - 1].score < score) place--
  list.splice(place, 0, { row, score })
  if (list.length > count) list.pop()
}
