export default {
  name: 'fuzz',
  tries:
    'calls the whole public API with odd values; only errors with a code come of it, or what the values themselves throw',
  allowed: ['refused'],
  async round({ random, folder, children }) {
    const ending = await children.run('fuzz', { folder, seed: random.seed, calls: 250 }, { bound: 60_000 })
    const result = ending.outcomes()
    if (/Warning/.test(ending.stderr)) {
      result.counts['a warning of Node'] = 1
      result.details['a warning of Node'] = ending.stderr
    }
    return result
  },
}
