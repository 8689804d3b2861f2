import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Bytes of the number of a boot. */
export const BOOT_BYTES = 16

const LINUX = '/proc/sys/kernel/random/boot_id'

let known: { readonly id: Buffer | undefined } | undefined

/**
 * A number that the system gives itself each time it starts, 16 bytes; undefined where there is none. What was written to a
 * file since it started is seen by all who read it, whether it is on disk or not.
 */
export function bootId(): Buffer | undefined {
  known ??= { id: parse(read()) }
  return known.id
}

function read(): string {
  try {
    if (process.platform === 'linux') return readFileSync(LINUX, 'latin1')
    if (process.platform !== 'darwin') return ''
    const { stdout } = spawnSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'latin1' })
    return stdout ?? ''
  } catch {
    return ''
  }
}

function parse(uuid: string): Buffer | undefined {
  const bytes = Buffer.from(uuid.trim().replaceAll('-', ''), 'hex')
  return bytes.length === BOOT_BYTES ? bytes : undefined
}
