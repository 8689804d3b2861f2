import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** What figures depend on; nothing that tells one machine of a kind from another. */
export function machine() {
  const { dependencies } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return {
    cpu: cpus()[0].model,
    cores: availableParallelism(),
    gigabytes: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    lmdb: dependencies.lmdb,
    // What ran beside the benchmark when it began: figures count only when it is far below the number of cores.
    loadAverage: Number(loadavg()[0].toFixed(2)),
  }
}
