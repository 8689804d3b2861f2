import { fork } from 'node:child_process'
import { once } from 'node:events'

/**
 * Runs arms of a module, each in a process of its own (arm.mjs), with `options`. Resolves to what `task` resolves to; it
 * gets a function for each arm that resolves to one measurement.
 */
export async function withArms(module, names, options, task) {
  const children = []
  try {
    const runs = {}
    for (const name of names) {
      const child = fork(new URL('./arm.mjs', import.meta.url), [module, name, JSON.stringify(options)])
      children.push(child)
      await answerOf(child, name)
      runs[name] = () => {
        child.send('run')
        return answerOf(child, name)
      }
    }
    return await task(runs)
  } finally {
    await Promise.all(children.map(finish))
  }
}

async function answerOf(child, name) {
  const settled = new AbortController()
  const { signal } = settled
  const failed = once(child, 'exit', { signal }).then(() => {
    throw new Error(`${name} failed`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), failed])
    return message
  } finally {
    settled.abort()
  }
}

async function finish(child) {
  if (child.exitCode !== null) return
  const exited = once(child, 'exit')
  child.disconnect()
  await exited
}
