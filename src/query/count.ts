import type { Source } from '../source.ts'
import type { RecordTest } from './match.ts'
import { RecordScan } from './records.ts'

/** How many records pass a test, in slices; `check` is called before each. */
export async function countMatching(source: Source, test: RecordTest, check: () => void): Promise<number> {
  let count = 0
  const scan = new RecordScan(source, (row) => {
    if (test(row.id, row.metadata)) count++
  })
  await scan.run(check)
  return count
}
