// Opens ':memory:' several times, tells of it, and ends in one of several ways: node memory.mjs <way>
import { Worker } from 'node:worker_threads'
import { open } from 'skalar'
import { privateFolders } from '../../helpers/private-folders.mjs'

const way = process.argv[2]
const databases = [await open(':memory:', { threads: 1 }), await open(':memory:', { threads: 1 })]
const films = await databases[0].collection('films', { dimension: 2 })
await films.upsert(Array.from({ length: 3_000 }, (_, id) => ({ id, vector: [1, id] })))
const folders = privateFolders()
if (process.send) process.send({ folders })
switch (way) {
  case 'exit':
    process.exit(0)
    break
  case 'exit amid writes':
    for (let i = 0; i < 50; i++) films.upsert({ id: i, vector: [i, 1] })
    setTimeout(() => process.exit(0), 5)
    break
  case 'throw':
    setImmediate(() => {
      throw new Error('on purpose')
    })
    break
  case 'a thread that ends':
    await new Promise((resolve) => {
      new Worker(new URL(import.meta.url), { argv: ['exit'] }).once('exit', resolve)
    })
    await Promise.all(databases.map((database) => database.close()))
    break
  case 'stay':
    process.on('message', async () => {
      await films.upsert({ id: 'later', vector: [1, 1] })
      process.send(films.size)
    })
    break
}
