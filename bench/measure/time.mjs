/** Seconds that a function takes, until its promise resolves if it returns one. */
export async function secondsOf(work) {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
