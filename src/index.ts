export type { Collection } from './collection.ts'
export { type Database, open } from './database.ts'
export { type PartialMatch, SkalarError, type SkalarErrorCode, type SkalarErrorDetails } from './errors.ts'
export type { AttendOptions, AttendResult, AttentionKernel } from './similarity/attend/types.ts'
export * from './similarity/index.ts'
export type * from './similarity/match/types.ts'
export type * from './similarity/recommend/types.ts'
export type {
  Classification,
  LabelOf,
  LabelValue,
  Regression,
  VoteOptions,
  VoteSettings,
} from './similarity/vote.ts'
export type { Transaction } from './transaction.ts'
export type * from './types.ts'
