// Opens a database and copies it when it is told where to, telling what came of each: node backup.mjs <folder> <options as JSON>
import { open } from 'skalar'

const database = await open(process.argv[2], { threads: 1, ...JSON.parse(process.argv[3] ?? '{}') })
let last = 0
process.on('message', async ({ copy, end }) => {
  if (end) {
    await database.close()
    process.disconnect()
    return
  }
  const onProgress = ({ done }) => {
    if (done > 0 && last === 0) process.send({ begun: true })
    last = done
  }
  try {
    process.send(await database.backup(copy, { onProgress }))
  } catch ({ code, message }) {
    process.send({ code, message })
  }
})
process.send('open')
