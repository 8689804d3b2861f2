/**
 * How alike vectors are, without a database: `import { cosine } from 'skalar/similarity'`. The addon is loaded by
 * `similarities` alone. docs/similarity.md has formulas, sources and costs.
 */
export type { MatrixInput } from './operand.ts'
