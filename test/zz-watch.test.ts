import { it } from 'vitest'
import { openCollection } from './helpers/database.ts'
import { recall, untilBuilt } from './helpers/hnswlib.ts'
import { generator, randomVector, randomVectors } from './helpers/random.ts'
it('x', async () => {
  for (const sigma of [0, 1, 1.5]) {
  const random = generator(13); const D = 32
  const { films } = await openCollection({ dimension: D, metric: 'dot', index: { engine: 'hnswlib' } })
  await films.upsert(randomVectors(random, 2100, D).map((vector, n) => ({ id: n, vector })))
  await untilBuilt(films)
  const short = Array.from({ length: 9000 }, () => randomVector(random, D, 0.001 * Math.exp(sigma * randomVector(random, 1)[0]!)))
  await films.upsert(short.map((vector, n) => ({ id: n, vector })))
  await untilBuilt(films)
  const q = randomVectors(random, 60, D)
  console.log(sigma, await recall(films, q, { ef: 20 }), await recall(films, q, { ef: 50 }), await recall(films, q))
  }
}, 120000)
