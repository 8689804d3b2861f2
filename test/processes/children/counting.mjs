// Counts in four records at once, without end: node counting.mjs <folder> <name>
import { open } from 'skalar'

const [folder, name] = process.argv.slice(2)
const database = await open(folder, { threads: 1 })
const films = await database.collection('films')
for (let count = 0; ; count++) {
  await films.upsert(
    [0, 1, 2, 3].map((part) => ({
      id: `${name}${part}`,
      vector: new Float32Array(256).fill(1),
      metadata: { count },
    })),
  )
  if (count === 0) process.send('begun')
}
